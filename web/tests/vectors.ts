/** The byte vectors that Python and TypeScript share, from `tests/vectors/`. */
import { readFileSync } from "node:fs";

/** One file of vectors, such as `report/tasks.json`. */
export function vectors<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${path}`, import.meta.url), "utf8")) as T;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { epochAt, MalformedTask, parseTask, takenUntil, taskHex } from "../shared/task.ts";
import { vectors } from "./vectors.ts";

interface Vectors {
  readonly good: readonly { readonly name: string; readonly canonical: string; readonly id: string }[];
  readonly bad: readonly { readonly name: string; readonly canonical: string }[];
}

const { good, bad } = vectors<Vectors>("report/tasks.json");

for (const { name, canonical, id } of good) {
  test(`a task is read and named: ${name}`, () => assert.equal(taskHex(parseTask(canonical)), id));
}

for (const { name, canonical } of bad) {
  test(`what is not canonical is refused: ${name}`, () => assert.throws(() => parseTask(canonical), MalformedTask));
}

test("half a surrogate pair is refused, as it stands and escaped", () => {
  const canonical = (good[0] as { canonical: string }).canonical;
  for (const half of ["\ud800", "\\ud800", "\\uDC00"]) {
    assert.throws(() => parseTask(canonical.replace("How is it", `How is it${half}`)), MalformedTask);
  }
});

test("windows are counted from the epoch, and taken until their grace is over", () => {
  const task = parseTask((good[0] as { canonical: string }).canonical);
  assert.equal(epochAt(task, 1_763_900_009_999), 176_390_000);
  assert.equal(epochAt(task, 1_763_900_010_000), 176_390_001);
  assert.equal(takenUntil(task, 176_390_000), 1_763_900_015_000);
});

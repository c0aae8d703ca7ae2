/**
 * A task as a device reads it: `docs/reference/formats.md`, "Task".
 *
 * Promises: bytes that are not canonical are refused, so that the id names one task and one only; rationals stay exact.
 * Whether a task may be *asked* is not decided here but by the ledger and its ceilings.
 */
import { toHex } from "./bytes.ts";
import { parseRational, type Rational } from "./rational.ts";
import { sha256 } from "./sha256.ts";

export type TaskLevel = "veiled" | "woven" | "open";

export interface Task {
  /** SHA-256 of the canonical bytes: 32 bytes. */
  readonly id: Uint8Array;
  readonly space: string;
  readonly question: string;
  readonly purpose: string;
  readonly context: string;
  readonly level: TaskLevel;
  /** The side of its grid. */
  readonly grid: number;
  /** Seconds. */
  readonly window: number;
  readonly grace: number;
  readonly unit: number;
  readonly epsilon: Rational;
  readonly epsilonHour: Rational;
  readonly epsilonDay: Rational;
  readonly delta: Rational;
  readonly noise: string;
  readonly cohort: number;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly expiry: number;
  /** Seconds after which the hub forgets the reports. */
  readonly retention: number;
}

/** These are not the canonical bytes of a task. */
export class MalformedTask extends Error {
  override readonly name = "MalformedTask";
}

/** The expiry of a task that was given none: 2100-01-01. */
export const DISTANT_FUTURE = 4_102_444_800;

const TASK_LIMIT = 16_384;
const YEAR = 31_536_000;
// Half a surrogate pair, as it stands or escaped: JavaScript's strings allow it, UTF-8 does not.
const HALF_PAIR = /\p{Surrogate}|\\ud[89a-f]/iu;

/** Reads canonical bytes, given as text; throws `MalformedTask`. */
export function parseTask(canonical: string): Task {
  const bytes = new TextEncoder().encode(canonical);
  if (bytes.length > TASK_LIMIT || HALF_PAIR.test(canonical)) throw new MalformedTask("A task is shorter, and plain Unicode.");
  const fields = read(canonical);
  check(fields);
  if (JSON.stringify(sorted(fields)) !== canonical) throw new MalformedTask("These are not canonical bytes.");
  return { id: sha256(bytes), ...taken(fields) };
}

/** The id as people may compare it. */
export function taskHex(task: Task): string {
  return toHex(task.id);
}

/** Which window a moment belongs to; `unixMs` in milliseconds. */
export function epochAt(task: Task, unixMs: number): number {
  return Math.floor(unixMs / (task.window * 1000));
}

/** Unix milliseconds at which a window's reports are no longer taken. */
export function takenUntil(task: Task, epoch: number): number {
  return ((epoch + 1) * task.window + task.grace) * 1000;
}

type Check = (value: unknown) => boolean;

const isText = (pattern: RegExp): Check => (value) => typeof value === "string" && pattern.test(value);
const isLength = (least: number, most: number): Check => (value) =>
  typeof value === "string" && [...value].length >= least && [...value].length <= most;
const isInteger = (least: number, most: number): Check => (value) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isRational: Check = (value) => {
  try {
    return typeof value === "string" && parseRational(value) !== null;
  } catch {
    return false; // the caller names the field
  }
};
const isHex = isText(/^(?:[0-9a-f]{2}){0,512}$/);
const isAggregator: Check = (value) =>
  isObject(value) && Object.keys(value).length === 2 && isHex(value["key"]) && isLength(0, 200)(value["url"]);

// Every field that a task has, and what it may hold.
const FIELDS: Readonly<Record<string, Check>> = {
  aggregators: (value) => Array.isArray(value) && value.length <= 8 && value.every(isAggregator),
  charter: isHex,
  cohort: isInteger(1, 1_000_000),
  context: isLength(1, 40),
  delta: isRational,
  epsilon: (value) => isRational(value) && value !== "0",
  epsilon_day: isRational,
  epsilon_hour: isRational,
  expiry: isInteger(0, DISTANT_FUTURE),
  grace: isInteger(0, 3600),
  grid: isInteger(2, 16),
  issuer: isHex,
  level: isText(/^(veiled|woven|open)$/),
  noise: isLength(0, 40),
  not_before: isInteger(0, DISTANT_FUTURE),
  purpose: isLength(1, 200),
  question: isLength(1, 200),
  retention: isInteger(1, YEAR),
  space: isText(/^[a-z0-9-]{1,64}$/),
  unit: isInteger(1, YEAR),
  version: (value) => value === 1,
  window: isInteger(1, YEAR),
};

function check(fields: Record<string, unknown>): void {
  const names = Object.keys(FIELDS);
  const wrong = names.find((name) => !(FIELDS[name] as Check)(fields[name]));
  if (wrong !== undefined || Object.keys(fields).length !== names.length) {
    throw new MalformedTask(`The task's field ${wrong ?? "list"} is not as the format says.`);
  }
  if ((fields["unit"] as number) % (fields["window"] as number) !== 0) {
    throw new MalformedTask("A task's unit is a whole number of windows.");
  }
  if ((fields["expiry"] as number) <= (fields["not_before"] as number)) {
    throw new MalformedTask("A task ends after it begins.");
  }
}

function taken(fields: Record<string, unknown>): Omit<Task, "id"> {
  const text = (name: string): string => fields[name] as string;
  const number = (name: string): number => fields[name] as number;
  return {
    space: text("space"),
    question: text("question"),
    purpose: text("purpose"),
    context: text("context"),
    level: text("level") as TaskLevel,
    grid: number("grid"),
    window: number("window"),
    grace: number("grace"),
    unit: number("unit"),
    epsilon: parseRational(text("epsilon")),
    epsilonHour: parseRational(text("epsilon_hour")),
    epsilonDay: parseRational(text("epsilon_day")),
    delta: parseRational(text("delta")),
    noise: text("noise"),
    cohort: number("cohort"),
    notBefore: number("not_before"),
    expiry: number("expiry"),
    retention: number("retention"),
  };
}

function read(canonical: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(canonical);
  } catch {
    throw new MalformedTask("This is not JSON.");
  }
  if (!isObject(value)) throw new MalformedTask("A task is a JSON object.");
  return value;
}

/** Keys in order, all the way down. For ASCII keys this is RFC 8785, and `JSON.stringify` escapes as it asks. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

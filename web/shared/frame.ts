/**
 * A frame as a page reads it: `docs/reference/formats.md`, "Frame". Checked once here, trusted afterwards.
 *
 * A page draws what it is sent, so it refuses what it cannot understand instead of drawing half of it. Unknown keys are
 * refused too: what is not in the format is not drawn.
 */

export type FrameState = "nobody" | "below" | "open";

/** A share with its 90 % band, in parts of 10,000. */
export type BandedShare = readonly [share: number, low: number, high: number];
/** A value with its 90 % band. */
export type Banded = readonly [value: number, low: number, high: number];

export interface Mean {
  /** In thousandths. */
  readonly valence: Banded;
  /** In thousandths. */
  readonly arousal: Banded;
  /** The share of people within 0.25 of it, in parts of 10,000. */
  readonly near: number;
}

export interface Mode {
  /** A sticky number. */
  readonly id: number;
  /** Its centre, in thousandths. */
  readonly valence: number;
  readonly arousal: number;
  /** Its sd, in thousandths: valence, arousal. */
  readonly spread: readonly [valence: number, arousal: number];
  /** In parts of 10,000; a `low` of 0 means that it may not be there. */
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface Frame {
  readonly v: 1;
  readonly space: string;
  readonly tasks: readonly string[];
  /** Unix seconds: the end of the window it closes. */
  readonly at: number;
  /** Seconds to the next frame. */
  readonly window: number;
  readonly state: FrameState;
  readonly people: number | null;
  /** The side of `cells`. */
  readonly grid: number;
  /** Cell `v * grid + a` in parts of 10,000; empty unless open. */
  readonly cells: readonly number[];
  /** Nine thirds of the plane, `3 * valence third + arousal third`; empty unless open. */
  readonly regions: readonly BandedShare[];
  readonly mean: Mean | null;
  readonly modes: readonly Mode[];
  readonly groups: readonly [least: number, most: number] | null;
  readonly connection: Banded | null;
  readonly individuality: Banded | null;
}

/** What arrived is not a frame. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

const FRAME_LIMIT = 65_536;

/** Reads one frame from its text; throws `MalformedFrame`. */
export function parseFrame(text: string): Frame {
  if (text.length > FRAME_LIMIT) throw new MalformedFrame("A frame is smaller than this.");
  return checkFrame(read(text));
}

/** Reads the answer of `GET /v1/frames`; throws `MalformedFrame`. */
export function parseFrames(text: string): readonly Frame[] {
  const answer = record(read(text), "answer");
  return list(answer["frames"], "frames", 0, 100_000).map((value) => checkFrame(value));
}

function checkFrame(value: unknown): Frame {
  const frame = record(value, "frame");
  exactly(frame, KEYS, "frame");
  if (frame["v"] !== 1) throw new MalformedFrame("This frame is of another version.");
  const grid = integer(frame["grid"], "grid", 2, 16);
  const state = oneOf(frame["state"], STATES);
  return {
    v: 1,
    space: text(frame["space"], "space"),
    tasks: list(frame["tasks"], "tasks", 0, 64).map((id) => hex(id)),
    at: integer(frame["at"], "at", 0, Number.MAX_SAFE_INTEGER),
    window: integer(frame["window"], "window", 1, 31_536_000),
    state,
    people: optional(frame["people"], (people) => integer(people, "people", 1, Number.MAX_SAFE_INTEGER)),
    grid,
    cells: drawn(frame["cells"], "cells", state, grid * grid).map((share) => integer(share, "cell", 0, 10_000)),
    regions: drawn(frame["regions"], "regions", state, 9).map((share) => banded(share, 0, 10_000)),
    mean: optional(frame["mean"], checkMean),
    modes: list(frame["modes"], "modes", 0, 64).map(checkMode),
    groups: optional(frame["groups"], checkGroups),
    connection: optional(frame["connection"], (value) => banded(value, 0, 1000)),
    individuality: optional(frame["individuality"], (value) => banded(value, 0, 1_000_000)),
  };
}

const STATES: readonly FrameState[] = ["nobody", "below", "open"];
const KEYS: ReadonlySet<string> = new Set([
  "v", "space", "tasks", "at", "window", "state", "people", "grid", "cells", "regions", "mean", "modes", "groups",
  "connection", "individuality",
]);
const MEAN_KEYS: ReadonlySet<string> = new Set(["valence", "arousal", "near"]);
const MODE_KEYS: ReadonlySet<string> = new Set(["id", "valence", "arousal", "spread", "share", "low", "high"]);

function checkMean(value: unknown): Mean {
  const mean = record(value, "mean");
  exactly(mean, MEAN_KEYS, "mean");
  return {
    valence: banded(mean["valence"], -1000, 1000),
    arousal: banded(mean["arousal"], -1000, 1000),
    near: integer(mean["near"], "near", 0, 10_000),
  };
}

function checkMode(value: unknown): Mode {
  const mode = record(value, "mode");
  exactly(mode, MODE_KEYS, "mode");
  const [valence, arousal] = list(mode["spread"], "spread", 2, 2).map((sd) => integer(sd, "spread", 0, 1000));
  return {
    id: integer(mode["id"], "id", 0, Number.MAX_SAFE_INTEGER),
    valence: integer(mode["valence"], "valence", -1000, 1000),
    arousal: integer(mode["arousal"], "arousal", -1000, 1000),
    spread: [valence as number, arousal as number],
    share: integer(mode["share"], "share", 0, 10_000),
    low: integer(mode["low"], "low", 0, 10_000),
    high: integer(mode["high"], "high", 0, 10_000),
  };
}

function checkGroups(value: unknown): readonly [number, number] {
  const [least, most] = list(value, "groups", 2, 2).map((count) => integer(count, "groups", 0, 64));
  return [least as number, most as number];
}

function banded(value: unknown, least: number, most: number): Banded {
  const [middle, low, high] = list(value, "band", 3, 3).map((part) => integer(part, "band", least, most));
  return [middle as number, low as number, high as number];
}

/** Shares are there when the picture is open, all of them, and not otherwise. */
function drawn(value: unknown, what: string, state: FrameState, length: number): readonly unknown[] {
  const wanted = state === "open" ? length : 0;
  return list(value, what, wanted, wanted);
}

function read(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new MalformedFrame("This is not JSON.");
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new MalformedFrame(`The ${what} is not an object.`);
}

function exactly(value: Record<string, unknown>, keys: ReadonlySet<string>, what: string): void {
  const unknown = Object.keys(value).find((key) => !keys.has(key));
  if (unknown !== undefined) throw new MalformedFrame(`The ${what} has an unknown key.`);
}

function list(value: unknown, what: string, least: number, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length >= least && value.length <= most) return value;
  throw new MalformedFrame(`The list ${what} is missing or of another length.`);
}

function integer(value: unknown, what: string, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MalformedFrame(`The number ${what} is missing or out of its range.`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new MalformedFrame(`The text ${what} is missing.`);
}

function hex(value: unknown): string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new MalformedFrame("A task's id is 64 hex digits.");
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new MalformedFrame("The state is not one that is known.");
}

/** Encoders may leave out what is null. */
function optional<T>(value: unknown, check: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : check(value);
}

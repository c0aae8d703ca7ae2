import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedFrame, parseFrame, parseFrames } from "../shared/frame.ts";

const CLOSED = {
  v: 1, space: "evening", tasks: ["ab".repeat(32)], at: 1_763_900_010, window: 10, state: "nobody", people: null, grid: 2,
  cells: [], regions: [], mean: null, modes: [], groups: null, connection: null, individuality: null,
};
const OPEN = {
  ...CLOSED,
  state: "open",
  people: 210,
  cells: [1000, 2000, 3000, 4000],
  regions: Array.from({ length: 9 }, () => [1111, 900, 1300]),
  mean: { valence: [10, -20, 40], arousal: [-5, -30, 20], near: 600 },
  modes: [{ id: 3, valence: 400, arousal: -200, spread: [120, 140], share: 6000, low: 5500, high: 6500 }],
  groups: [1, 2],
  connection: [310, 220, 400],
  individuality: [190, 150, 230],
};

const parse = (frame: unknown) => parseFrame(JSON.stringify(frame));

test("a frame is read as it was sent", () => {
  assert.deepEqual(parse(OPEN), OPEN);
  assert.deepEqual(parse(CLOSED), CLOSED);
  assert.deepEqual(parseFrames(JSON.stringify({ frames: [CLOSED, OPEN] })), [CLOSED, OPEN]);
});

test("what is null may be left out", () => {
  const { people: _people, mean: _mean, ...rest } = CLOSED;
  assert.equal(parse(rest).mean, null);
});

const WRONG: readonly (readonly [string, unknown])[] = [
  ["not JSON", undefined],
  ["an array", []],
  ["another version", { ...CLOSED, v: 2 }],
  ["an unknown key", { ...CLOSED, person: 1 }],
  ["an unknown state", { ...CLOSED, state: "shut" }],
  ["cells under the cohort", { ...CLOSED, state: "below", cells: [1, 2, 3, 4] }],
  ["a cell too few", { ...OPEN, cells: [1, 2, 3] }],
  ["a share above all", { ...OPEN, cells: [10_001, 0, 0, 0] }],
  ["half a number", { ...OPEN, cells: [0.5, 0, 0, 0] }],
  ["a band of two", { ...OPEN, connection: [1, 2] }],
  ["a mode without an id", { ...OPEN, modes: [{ ...OPEN.modes[0], id: undefined }] }],
  ["a task that is no id", { ...CLOSED, tasks: ["../../etc"] }],
  ["a place off the plane", { ...OPEN, mean: { ...OPEN.mean, valence: [1001, 0, 0] } }],
];

for (const [name, frame] of WRONG) {
  test(`refused: ${name}`, () => assert.throws(() => parseFrame(JSON.stringify(frame) ?? "{"), MalformedFrame));
}

test("an oversized frame is refused before it is read", () => {
  assert.throws(() => parseFrame(`{"space":"${"x".repeat(70_000)}"}`), MalformedFrame);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, noAnswer, type Point } from "../shared/grid.ts";
import type { Report } from "../shared/report.ts";
import { parseTask } from "../shared/task.ts";
import { following, skipped } from "../connector/schedule.ts";
import { type Effect, type Event, FRESH_MS, type Permit, Session } from "../connector/session.ts";
import { vectors } from "./vectors.ts";

const CANONICAL = (vectors<{ good: { canonical: string }[] }>("report/tasks.json").good[0] as { canonical: string }).canonical;
const TASK = parseTask(CANONICAL);
const UNIT = TASK.unit * 1000;
const START = 1_763_900_003_000;
const VISIT = new Uint8Array(12);
const PLEASANT: Point = { valence: 0.7, arousal: -0.3 };

function begun(): Session {
  const session = new Session();
  session.feed({ kind: "task", task: TASK, aheadMs: 0 }, START);
  return session;
}

function permitOf(effects: readonly Effect[]): Permit {
  const effect = effects.find((each) => each.kind === "speak");
  assert.ok(effect?.kind === "speak", "leave to draw");
  return effect.permit;
}

function reportOf({ task, epoch, connection, number }: Permit): Report {
  return { task: task.id, epoch, output: 5, connection, number };
}

test("at private nothing is asked to leave, whatever happens", () => {
  const session = begun();
  const events: Event[] = [
    { kind: "felt", point: PLEASANT }, { kind: "woke" }, { kind: "uncovered", untilMs: START, which: "unit" },
    { kind: "spoken", report: reportOf({ task: TASK, epoch: 1, input: 0, connection: VISIT, number: 0 }), chance: 0.5 },
    { kind: "task", task: TASK, aheadMs: 12 },
  ];
  for (let time = 0; time < 200; time += 1) {
    assert.deepEqual(session.feed(events[time % events.length] as Event, START + time * 60_000), []);
    assert.equal(session.state, "private");
  }
});

test("the first part leaves in the window of opting in, the second after G + uniform(0, G), then one every G", () => {
  const session = begun();
  session.feed({ kind: "felt", point: PLEASANT }, START);
  const first = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
  assert.equal(first.epoch, Math.floor(START / 10_000));
  assert.equal(first.input, cellAt(8, PLEASANT));
  const sent = session.feed({ kind: "spoken", report: reportOf(first), chance: 0.5 }, START);
  assert.deepEqual(sent.map(({ kind }) => kind), ["send", "wake"]);
  assert.equal(session.nextMs, START + 1.5 * UNIT);
  assert.deepEqual(session.feed({ kind: "woke" }, START + UNIT), [{ kind: "wake", atMs: START + 1.5 * UNIT }]);
  const second = permitOf(session.feed({ kind: "woke" }, START + 1.5 * UNIT));
  assert.equal(second.number, 1);
  session.feed({ kind: "spoken", report: reportOf(second), chance: 0.9 }, START + 1.5 * UNIT);
  assert.equal(session.nextMs, START + 2.5 * UNIT);
});

test("speaking times are the same whatever is felt and whenever", () => {
  const times = [0, 1, 2].map((seed) => {
    const session = begun();
    session.feed({ kind: "felt", point: PLEASANT }, START);
    let permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
    const next: (number | null)[] = [];
    for (let part = 0; part < 5; part += 1) {
      const at = session.nextMs as number;
      session.feed({ kind: "spoken", report: reportOf(permit), chance: 0.25 }, at);
      next.push(session.nextMs);
      for (let move = 0; move < seed * 40; move += 1) {
        session.feed({ kind: "felt", point: { valence: Math.sin(move * seed), arousal: Math.cos(move) } }, at + move * 777);
      }
      permit = permitOf(session.feed({ kind: "woke" }, session.nextMs as number));
    }
    return next;
  });
  assert.deepEqual(times[1], times[0]);
  assert.deepEqual(times[2], times[0]);
});

test("an old point is no answer", () => {
  const session = begun();
  session.feed({ kind: "felt", point: PLEASANT }, START);
  const permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START + FRESH_MS + 1));
  assert.equal(permit.input, noAnswer(8));
});

test("one is drawn at a time, and what was stopped meanwhile never leaves", () => {
  const session = begun();
  const permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
  assert.deepEqual(session.feed({ kind: "woke" }, START + 1), []);
  assert.deepEqual(session.feed({ kind: "stopped" }, START + 2), [{ kind: "fall-silent" }]);
  assert.deepEqual(session.feed({ kind: "spoken", report: reportOf(permit), chance: 0 }, START + 3), []);
  assert.equal(session.state, "private");
});

test("what is not covered waits, and says which limit", () => {
  const session = begun();
  session.feed({ kind: "opted-in", connection: VISIT }, START);
  const until = START + 600_000;
  assert.deepEqual(session.feed({ kind: "uncovered", untilMs: until, which: "unit" }, START), [{ kind: "wake", atMs: until }]);
  assert.equal(session.hindrance, "unit");
  permitOf(session.feed({ kind: "woke" }, until));
});

test("a phone that slept through its time keeps its place in time", () => {
  const session = begun();
  const permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
  session.feed({ kind: "spoken", report: reportOf(permit), chance: 0 }, START);
  const late = START + UNIT + 61_000;
  assert.deepEqual(session.feed({ kind: "woke" }, late), [{ kind: "wake", atMs: START + 2 * UNIT }]);
});

test("the hub's clock stamps windows and nothing else", () => {
  const session = new Session();
  session.feed({ kind: "task", task: TASK, aheadMs: 3_600_000 }, START);
  const permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
  assert.equal(permit.epoch, Math.floor((START + 3_600_000) / 10_000));
  session.feed({ kind: "spoken", report: reportOf(permit), chance: 0 }, START);
  assert.equal(session.nextMs, START + UNIT);
});

test("two reports are a whole unit of the hub's windows apart even when its clock is read anew", () => {
  const session = begun();
  const permit = permitOf(session.feed({ kind: "opted-in", connection: VISIT }, START));
  session.feed({ kind: "spoken", report: reportOf(permit), chance: 0 }, START);
  session.feed({ kind: "task", task: TASK, aheadMs: -5000 }, START + 1);
  const [effect] = session.feed({ kind: "woke" }, START + UNIT);
  assert.deepEqual(effect, { kind: "wake", atMs: permit.epoch * 10_000 + UNIT + 5000 });
});

test("an ended task and another task both end the sharing", () => {
  const session = begun();
  const other = parseTask(CANONICAL.replace('"evening"', '"morning"'));
  session.feed({ kind: "opted-in", connection: VISIT }, START);
  assert.deepEqual(session.feed({ kind: "task", task: other, aheadMs: 0 }, START), [{ kind: "fall-silent" }]);
  assert.equal(session.state, "private");
  const short = parseTask(CANONICAL.replace("4102444800", String(START / 1000)));
  session.feed({ kind: "task", task: short, aheadMs: 0 }, START);
  session.feed({ kind: "opted-in", connection: VISIT }, START);
  assert.equal(session.hindrance, "ended");
});

test("schedules are those of the Python connector", () => {
  assert.equal(following(1000, 0, UNIT, 0.5), 1000 + 1.5 * UNIT);
  assert.equal(following(1000, 3, UNIT, 0.5), 1000 + UNIT);
  assert.equal(skipped(0, 1, 10), 10);
  assert.equal(skipped(0, 10, 10), 10);
  assert.equal(skipped(0, 11, 10), 20);
  assert.equal(skipped(5, 0, 10), 15);
});

/**
 * A person's session on this page: what happened goes in, what is to be done comes out.
 *
 * Promises:
 * - Nothing is asked to leave before `opted-in`, nor after `stopped`: at private every event has no effect but its own
 *   bookkeeping, whatever the finger does.
 * - A part is drawn once (`speak`) and sent as drawn (`send`); no refusal, loss or return leads to another draw.
 * - Speaking times never depend on the point. What is blurred is the point's cell when it is fresh, else "no answer".
 *
 * Pure: the clock is an argument, and whoever runs the effects owns sockets, storage and chance
 * (`connector/device.ts`). It mirrors `partsong/connector/session.py`.
 *
 * | state   | opted-in | time comes | spoken | uncovered | stopped | ended, fault |
 * |---------|----------|------------|--------|-----------|---------|--------------|
 * | private | drawing  |            |        |           |         | over         |
 * | drawing |          |            | waiting| waiting   | private | over         |
 * | waiting |          | drawing    |        |           | private | over         |
 * | over    |          |            |        |           |         |              |
 *
 * `over` goes back to private with the next `task`.
 */
import { cellAt, noAnswer, type Point } from "../shared/grid.ts";
import type { Report } from "../shared/report.ts";
import { epochAt, takenUntil, type Task } from "../shared/task.ts";
import { following, skipped } from "./schedule.ts";

export type State = "private" | "drawing" | "waiting" | "over";

/** Why nothing leaves although the person would have it. */
export type Hindrance = "hour" | "day" | "unit" | "no-memory" | "damaged" | "too-much" | "ended" | "fault";

export type Event =
  /** The hub says what is asked; `aheadMs` is its clock minus this device's, for stamping windows only. */
  | { readonly kind: "task"; readonly task: Task; readonly aheadMs: number }
  | { readonly kind: "felt"; readonly point: Point }
  /** The person answered yes. `connection` is 12 random bytes, drawn for this visit. */
  | { readonly kind: "opted-in"; readonly connection: Uint8Array }
  /** A wake time has come; one too many does no harm. */
  | { readonly kind: "woke" }
  /** It is paid for, drawn and stored. `chance` in [0, 1). */
  | { readonly kind: "spoken"; readonly report: Report; readonly chance: number }
  /** The ledger said no, until `untilMs`. */
  | { readonly kind: "uncovered"; readonly untilMs: number; readonly which: "unit" | "hour" | "day" }
  /** Nothing can be paid for here at all. */
  | { readonly kind: "barred"; readonly why: Hindrance }
  | { readonly kind: "stopped" };

/** Leave to draw once: pay, draw, store, and answer with `spoken`, or with `uncovered`. */
export interface Permit {
  readonly task: Task;
  readonly epoch: number;
  readonly input: number;
  readonly connection: Uint8Array;
  readonly number: number;
}

export type Effect =
  | { readonly kind: "speak"; readonly permit: Permit }
  /** Send these very bytes, again if need be, until this time of the device's clock. */
  | { readonly kind: "send"; readonly report: Report; readonly untilMs: number }
  /** Feed `woke` at this time of the device's clock; a newer wake replaces an older one. */
  | { readonly kind: "wake"; readonly atMs: number }
  /** Close every line, drop what waits. */
  | { readonly kind: "fall-silent" };

/** A point older than this is no longer an answer: the "no answer" input is blurred instead. */
export const FRESH_MS = 120_000;

interface Visit {
  readonly connection: Uint8Array;
  readonly number: number;
  readonly dueMs: number;
  /** The window of the part before; null before the first. */
  readonly epochBefore: number | null;
}

export class Session {
  #state: State = "private";
  #task: Task | null = null;
  #aheadMs = 0;
  #felt: { readonly point: Point; readonly atMs: number } | null = null;
  #visit: Visit | null = null;
  #hindrance: Hindrance | null = null;

  get state(): State {
    return this.#state;
  }

  /** Why nothing leaves just now, if the person would have it. */
  get hindrance(): Hindrance | null {
    return this.#hindrance;
  }

  /** When the next part may leave, by the device's clock; null when none will. */
  get nextMs(): number | null {
    return this.#visit?.dueMs ?? null;
  }

  /** Takes one event at a time of the device's clock (Unix milliseconds); says what is to be done. */
  feed(event: Event, atMs: number): readonly Effect[] {
    switch (event.kind) {
      case "task":
        return this.#asked(event.task, event.aheadMs);
      case "felt":
        this.#felt = { point: event.point, atMs };
        return [];
      case "opted-in":
        return this.#optedIn(event.connection, atMs);
      case "woke":
        return this.#woke(atMs);
      case "spoken":
        return this.#spoken(event.report, event.chance, atMs);
      case "uncovered":
        return this.#uncovered(event.untilMs, event.which);
      case "barred":
        return this.#over(event.why);
      case "stopped":
        return this.#stopped();
    }
  }

  #asked(task: Task, aheadMs: number): readonly Effect[] {
    const other = this.#task !== null && !same(this.#task.id, task.id);
    this.#aheadMs = aheadMs;
    this.#task = task;
    if (this.#state === "over" || other) return this.#stopped();
    return [];
  }

  #optedIn(connection: Uint8Array, atMs: number): readonly Effect[] {
    if (this.#state !== "private" || this.#task === null) return [];
    this.#visit = { connection, number: 0, dueMs: atMs, epochBefore: null };
    this.#state = "waiting";
    return this.#woke(atMs);
  }

  #woke(atMs: number): readonly Effect[] {
    if (this.#state !== "waiting" || this.#task === null || this.#visit === null) return [];
    if (atMs < this.#visit.dueMs) return [{ kind: "wake", atMs: this.#visit.dueMs }];
    if (atMs + this.#aheadMs >= this.#task.expiry * 1000) return this.#over("ended");
    if (this.#hasSlept(atMs)) return this.#wait(skipped(this.#visit.dueMs, atMs, this.#task.unit * 1000));
    if (atMs < this.#earliestMs()) return this.#wait(this.#earliestMs());
    this.#state = "drawing";
    const { connection, number } = this.#visit;
    const epoch = epochAt(this.#task, atMs + this.#aheadMs);
    return [{ kind: "speak", permit: { task: this.#task, epoch, input: this.#input(atMs), connection, number } }];
  }

  #spoken(report: Report, chance: number, atMs: number): readonly Effect[] {
    // Stopped while it was drawn: it stays spent, and never leaves.
    if (this.#state !== "drawing" || this.#task === null || this.#visit === null) return [];
    const { connection, number } = this.#visit;
    const dueMs = following(atMs, number, this.#task.unit * 1000, chance);
    this.#visit = { connection, number: number + 1, dueMs, epochBefore: report.epoch };
    this.#hindrance = null;
    const untilMs = takenUntil(this.#task, report.epoch) - this.#aheadMs;
    return [{ kind: "send", report, untilMs }, ...this.#wait(dueMs)];
  }

  #uncovered(untilMs: number, which: "unit" | "hour" | "day"): readonly Effect[] {
    if (this.#state !== "drawing" || this.#task === null || this.#visit === null) return [];
    const { number, dueMs } = this.#visit;
    // A small remainder is a difference of clocks, not a time to skip; a first part has no times to keep yet.
    const close = untilMs - dueMs <= this.#task.window * 1000;
    if (!close) this.#hindrance = which;
    return this.#wait(close || number === 0 ? untilMs : skipped(dueMs, untilMs, this.#task.unit * 1000));
  }

  #wait(dueMs: number): readonly Effect[] {
    this.#visit = { ...(this.#visit as Visit), dueMs };
    this.#state = "waiting";
    return [{ kind: "wake", atMs: dueMs }];
  }

  #stopped(): readonly Effect[] {
    this.#state = "private";
    this.#visit = null;
    this.#hindrance = null;
    return [{ kind: "fall-silent" }];
  }

  #over(why: Hindrance): readonly Effect[] {
    this.#state = "over";
    this.#visit = null;
    this.#hindrance = why;
    return [{ kind: "fall-silent" }];
  }

  /** A phone wakes when a hand takes it up, and that moment must not become a speaking time. */
  #hasSlept(atMs: number): boolean {
    const { number, dueMs } = this.#visit as Visit;
    return number > 0 && atMs - dueMs > (this.#task as Task).window * 1000;
  }

  /** The task has begun, and the hub counts a whole unit of windows since the part before. */
  #earliestMs(): number {
    const task = this.#task as Task;
    const { epochBefore } = this.#visit as Visit;
    const after = epochBefore === null ? 0 : epochBefore * task.window + task.unit;
    return Math.max(task.notBefore, after) * 1000 - this.#aheadMs;
  }

  #input(atMs: number): number {
    const task = this.#task as Task;
    if (this.#felt === null || atMs - this.#felt.atMs > FRESH_MS) return noAnswer(task.grid);
    return cellAt(task.grid, this.#felt.point);
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/**
 * One part: paid for, drawn, kept, in this order, each on disk before the next begins.
 *
 * The one place where the ledger (`ledger.ts`), the channel (`veil.ts`), the device's clocks and the browser's chance
 * (`random.ts`) meet; and where the page's figures about them come from.
 */
import { toHex } from "../shared/bytes.ts";
import type { Point } from "../shared/grid.ts";
import { encodeReport, type Report } from "../shared/report.ts";
import { toNumber } from "../shared/rational.ts";
import type { Task } from "../shared/task.ts";
import { drawsIn, pleasantOrUnpleasant, timesInTen } from "./guess.ts";
import {
  CeilingExceeded, DAY_MS, type Entry, HOUR_MS, Ledger, NotPermitted, promiseOf, type Reading, type Sums, type Which,
} from "./ledger.ts";
import { below, randomBytes } from "./random.ts";
import type { Permit } from "./session.ts";
import type { Store } from "./store.ts";
import { type Channel, ChannelOutOfRange, diskChannel, randomise } from "./veil.ts";

export type { Entry };

export type Drawn =
  | { readonly kind: "drawn"; readonly report: Report }
  | { readonly kind: "uncovered"; readonly untilMs: number; readonly which: Which };

/** A number of parts, each as the running task's. */
export interface Parts {
  readonly hour: number;
  readonly day: number;
}

/** Where Partsong answers at all; the same list as `partsong.report.CONTEXTS`. Workplaces and schools are not on it. */
const CONTEXTS: ReadonlySet<string> = new Set(["gathering", "concert", "museum", "rehearsal", "circle", "research", "online"]);

/** Clocks disagree by less than this without anybody having set one. */
const LEAD_MS = 1000;

// A page load is one run of the steady clock.
const RUN = toHex(randomBytes(12));

/** One look at the device's clocks, at this moment. */
export function reading(): Reading {
  return { wallMs: Date.now(), monoMs: Math.floor(performance.now()), run: RUN };
}

/** Whether a person may be asked this at all. Built in: no hub can change it. Mirrors `partsong/connector/terms.py`. */
export function admits(task: Task): boolean {
  try {
    promiseOf(task);
    channelOf(task);
  } catch (error) {
    if (error instanceof CeilingExceeded || error instanceof NotPermitted || error instanceof ChannelOutOfRange) return false;
    throw error;
  }
  return CONTEXTS.has(task.context) && task.level === "veiled" && task.noise === "disk" && task.delta.numerator === 0n;
}

/** The finite channel that blurs a task's answers. */
export function channelOf(task: Task): Channel {
  return diskChannel(task.grid, task.epsilon);
}

/** Pays, draws and keeps one part; rejects with `NoMemory` or `LedgerDamaged`, and then nothing was drawn. */
export async function draw(store: Store, permit: Permit): Promise<Drawn> {
  const paid = await pay(store, permit.task);
  if (paid !== null) return paid;
  const channel = channelOf(permit.task);
  const output = randomise(channel, permit.input, below);
  const { task, epoch, connection, number } = permit;
  const report = { task: task.id, epoch, output, connection, number };
  const bytes = encodeReport(report);
  await store.keep({
    id: toHex(bytes.slice(45)), bytes, atMs: Date.now(), outputs: channel.outputs, place: placeOf(channel, output),
    window: task.window, state: "leaving", code: "",
  });
  return { kind: "drawn", report };
}

/** Debits one draw, durably; what stands in the way if it is not covered. */
async function pay(store: Store, task: Task): Promise<Drawn | null> {
  const promise = promiseOf(task);
  return store.write((entries) => {
    const ledger = Ledger.restore(entries);
    const at = reading();
    const answer = ledger.ask(promise, at);
    if (answer.kind === "covered") return { entry: ledger.debit(promise, at), said: null };
    return { entry: null, said: { kind: "uncovered", untilMs: at.wallMs + answer.waitMs, which: answer.which } };
  });
}

/** Notes the time in a ledger that has entries, so that a later reload cannot count a jump of the wall clock before it. */
export async function mark(store: Store): Promise<void> {
  await store.write((entries) => ({ entry: entries.length > 0 ? Ledger.restore(entries).mark(reading()) : null, said: null }));
}

/** Notes the time where the wall clock has run ahead of the steady one, so that no later reload counts the jump. */
export async function keepTime(store: Store): Promise<void> {
  await store.write((entries) => {
    const ledger = Ledger.restore(entries);
    const at = reading();
    return { entry: ledger.leadMs(at) > LEAD_MS ? ledger.mark(at) : null, said: null };
  });
}

/** How many parts are spent in the hour and in the day that end now, over all tasks, rounded up. */
export function spentOf(entries: readonly Entry[], task: Task): Parts {
  const ledger = Ledger.restore(entries);
  const parts = ({ epsilon }: Sums): number => Math.ceil(toNumber(epsilon) / toNumber(task.epsilon));
  return { hour: parts(ledger.spent(HOUR_MS, reading())), day: parts(ledger.spent(DAY_MS, reading())) };
}

/** The most parts that the running task lets out in an hour and in a day. */
export function mostOf(task: Task): Parts {
  const promise = promiseOf(task);
  return { hour: drawsIn(promise, HOUR_MS), day: drawsIn(promise, DAY_MS) };
}

/** What the best attacker would guess, in times of ten, rounded against us. */
export interface Guess {
  /** From all that may leave in an hour, of somebody who held still. */
  readonly hour: number;
  /** From one part. */
  readonly once: number;
}

const guesses = new Map<string, Guess>();

/** How well somebody would guess pleasant or unpleasant, by enumeration; kept, because it may take a moment. */
export function guessOf(task: Task): Guess {
  const key = toHex(task.id);
  const channel = channelOf(task);
  const times = (reports: number): number => timesInTen(pleasantOrUnpleasant(channel, reports).success);
  const guess = guesses.get(key) ?? { hour: times(mostOf(task).hour), once: times(1) };
  guesses.set(key, guess);
  return guess;
}

/** Where an output lies, in the plane's coordinates, perhaps a little outside; null for "nothing". */
function placeOf(channel: Channel, output: number): Point | null {
  const position = channel.positions[output];
  if (position === undefined) return null;
  const [valence, arousal] = position.map((index) => (2 * index + 1) / channel.side - 1);
  return { valence: valence as number, arousal: arousal as number };
}

/**
 * The ledger: what has left this device, and whether more may. One above all tasks, spaces and hubs.
 *
 * The same rules as `src/partsong/privacy/ledger.py`, held together by `tests/vectors/privacy/ledger.json`:
 *
 * - In every half-open span of a promise's unit, of an hour and of a day, the debited draws sum to no more than the promise
 *   allows, over all tasks together; so too for every promise under which something left within the last day, and for the
 *   built-in ceilings, always.
 * - Nothing is ever credited.
 * - Ledger time never runs faster than the steady clock while one run of it lasts, and never back. Across a reload it goes
 *   by the wall clock.
 *
 * The caller stores the entry durably before it draws, and lets only one ledger at a time stand over one store: no two
 * entries have the same `seq`. An entry is a plain object that IndexedDB can keep as it is.
 */
import { compare, formatRational, minus, parseRational, plus, type Rational, whole, ZERO } from "../shared/rational.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export type Which = "unit" | "hour" | "day";

/** One look at the device's two clocks, in whole milliseconds. */
export interface Reading {
  readonly wallMs: number;
  readonly monoMs: number;
  /** Which run of the steady clock this is (a page load), 1 to 64 of `A-Za-z0-9_-`; never used twice. */
  readonly run: string;
}

/** At most so much in any unit, hour and day; one draw costs `epsilon`. */
export interface Promised {
  readonly unitMs: number;
  readonly epsilon: Rational;
  readonly hour: Rational;
  readonly day: Rational;
}

export interface Entry {
  readonly seq: number;
  /** Ledger time. */
  readonly atMs: number;
  readonly reading: Reading;
  /** What it costs; 0 for a mark, which only notes the time. */
  readonly epsilon: Rational;
  readonly rho: Rational;
  readonly promise: Promised;
}

export type Answer =
  | { readonly kind: "covered"; readonly atMs: number }
  | { readonly kind: "not-covered"; readonly untilMs: number; readonly waitMs: number; readonly which: Which };

export interface Sums {
  readonly epsilon: Rational;
  readonly rho: Rational;
}

/** The task asks for more than the built-in ceilings: it must not be answered. */
export class CeilingExceeded extends Error {
  override readonly name: string = "CeilingExceeded";
}

/** One report alone would break the promise: the task must not be answered. */
export class NotPermitted extends Error {
  override readonly name: string = "NotPermitted";
}

/** Not covered now; nothing was debited. */
export class NotCovered extends Error {
  override readonly name: string = "NotCovered";
}

/** What this device keeps cannot be trusted: nothing may leave. */
export class LedgerDamaged extends Error {
  override readonly name: string = "LedgerDamaged";
}

/** Built in: no hub and no charter can raise them. */
export const CEILINGS: Promised = { unitMs: 300_000, epsilon: whole(2), hour: whole(8), day: whole(16) };

interface Limit {
  readonly which: Which;
  readonly spanMs: number;
  readonly epsilon: Rational;
}

/** The promise of a task; throws `CeilingExceeded` or `NotPermitted`: the task must not be answered. */
export function promiseOf(task: {
  readonly unit: number;
  readonly epsilon: Rational;
  readonly epsilonHour: Rational;
  readonly epsilonDay: Rational;
}): Promised {
  return promise({ unitMs: task.unit * 1000, epsilon: task.epsilon, hour: task.epsilonHour, day: task.epsilonDay });
}

/** Checks a promise; throws as `promiseOf` does. */
export function promise(asked: Promised): Promised {
  const { unitMs, epsilon, hour, day } = asked;
  const within =
    Number.isSafeInteger(unitMs) &&
    CEILINGS.unitMs <= unitMs &&
    unitMs <= DAY_MS &&
    compare(epsilon, CEILINGS.epsilon) <= 0 &&
    compare(hour, CEILINGS.hour) <= 0 &&
    compare(day, CEILINGS.day) <= 0;
  if (!within) throw new CeilingExceeded("This asks for more than a connector ever gives.");
  if (compare(epsilon, ZERO) <= 0 || compare(epsilon, hour) > 0 || compare(epsilon, day) > 0)
    throw new NotPermitted("One report alone would cost more than this allows in an hour or a day.");
  return asked;
}

export class Ledger {
  #entries: Entry[] = [];
  #nextSeq = 0;
  #nowMs = 0;
  #reading: Reading | null = null;

  /** The ledger that made these entries, in the order in which they were stored; throws `LedgerDamaged`. */
  static restore(entries: Iterable<Entry>): Ledger {
    const ledger = new Ledger();
    for (const entry of entries) ledger.#restoreOne(entry);
    return ledger;
  }

  /** The entries that can still matter: those of the last day, and the newest one. A store may forget others. */
  get entries(): readonly Entry[] {
    return [...this.#entries];
  }

  /** Whether one draw under this promise may be debited now. Debits nothing. */
  ask(asked: Promised, at: Reading): Answer {
    const now = this.#advance(at);
    let latest = { until: now, which: "unit" as Which };
    for (const wait of this.#waits(promise(asked), now)) if (wait.until > latest.until) latest = wait;
    const { until, which } = latest;
    if (until <= now) return { kind: "covered", atMs: now };
    return { kind: "not-covered", untilMs: until, waitMs: until - now, which };
  }

  /** Pays for one draw, at once and for good; throws `NotCovered`. Store the entry durably before drawing. */
  debit(asked: Promised, at: Reading, rho: Rational = ZERO): Entry {
    const answer = this.ask(asked, at);
    if (answer.kind === "not-covered") throw new NotCovered(`The ${answer.which} is spent.`);
    return this.#add(at, asked.epsilon, rho, asked);
  }

  /**
   * Notes the time without cost. Stored when `leadMs` shows that the wall clock was set forward, it keeps a later reload
   * from counting that jump.
   */
  mark(at: Reading): Entry {
    this.#advance(at);
    return this.#add(at, ZERO, ZERO, CEILINGS);
  }

  /** How far ahead of ledger time a reload at this moment would be; store a mark if it is more than a little. */
  leadMs(at: Reading): number {
    const now = this.#advance(at);
    const newest = this.#entries.at(-1);
    if (newest === undefined) return 0;
    return Math.max(0, newest.atMs + Math.max(0, at.wallMs - newest.reading.wallMs) - now);
  }

  /** What left in the span that ends now, over all tasks; up to a day. */
  spent(spanMs: number, at: Reading): Sums {
    const now = this.#advance(at);
    const within = this.#entries.filter((entry) => entry.atMs > now - spanMs);
    return { epsilon: sum(within.map((entry) => entry.epsilon)), rho: sum(within.map((entry) => entry.rho)) };
  }

  #add(at: Reading, epsilon: Rational, rho: Rational, asked: Promised): Entry {
    const { unitMs, epsilon: unit, hour, day } = asked;
    const entry = { seq: this.#nextSeq, atMs: this.#nowMs, reading: at, epsilon, rho, promise: { unitMs, epsilon: unit, hour, day } };
    this.#entries.push(entry);
    this.#nextSeq += 1;
    return entry;
  }

  #advance(at: Reading): number {
    checkReading(at);
    if (this.#reading !== null) this.#nowMs += elapsedMs(this.#reading, at);
    this.#reading = at;
    this.#forget();
    return this.#nowMs;
  }

  #forget(): void {
    const newest = this.#entries.length - 1;
    this.#entries = this.#entries.filter((entry, index) => index === newest || entry.atMs > this.#nowMs - DAY_MS);
  }

  #restoreOne(entry: Entry): void {
    checkEntry(entry);
    if (this.#reading !== null && (entry.seq !== this.#nextSeq || entry.atMs < this.#nowMs))
      throw new LedgerDamaged(`Entry ${entry.seq} does not follow entry ${this.#nextSeq - 1}.`);
    this.#entries.push(entry);
    this.#nextSeq = entry.seq + 1;
    this.#nowMs = entry.atMs;
    this.#reading = entry.reading;
    this.#forget();
  }

  /** For every limit in force, when it will cover a draw under `asked`. */
  *#waits(asked: Promised, now: number): Generator<{ until: number; which: Which }> {
    for (const limit of [...limitsOf(asked), ...limitsOf(CEILINGS)])
      yield { until: this.#free(limit, asked.epsilon, now), which: limit.which };
    for (const [other, until] of this.#inForce(now))
      for (const limit of limitsOf(other))
        yield { until: Math.min(this.#free(limit, asked.epsilon, now), until), which: limit.which };
  }

  /** The promises under which something left within the last day, and until when they bind. */
  #inForce(now: number): [Promised, number][] {
    const newest = new Map<string, [Promised, number]>();
    for (const { promise: other, atMs } of this.#entries) newest.set(spelling(other), [other, atMs + DAY_MS]);
    return [...newest.values()].filter(([, until]) => until > now);
  }

  /** The earliest time from now on at which the limit leaves room for `cost`; a day on, if it never does. */
  #free(limit: Limit, cost: Rational, now: number): number {
    const within = this.#entries.filter((entry) => entry.atMs > now - limit.spanMs);
    let excess = minus(plus(sum(within.map((entry) => entry.epsilon)), cost), limit.epsilon);
    let free = now;
    for (const entry of within) {
      if (compare(excess, ZERO) <= 0) return free;
      // Half-open spans: two draws exactly one span apart are never in one.
      excess = minus(excess, entry.epsilon);
      free = entry.atMs + limit.spanMs;
    }
    return compare(excess, ZERO) <= 0 ? free : now + DAY_MS;
  }
}

/** How far ledger time moves between two readings: the lesser of both clocks within a run, else the wall clock. */
export function elapsedMs(before: Reading, at: Reading): number {
  const wall = Math.max(0, at.wallMs - before.wallMs);
  return at.run === before.run ? Math.min(wall, Math.max(0, at.monoMs - before.monoMs)) : wall;
}

/** The one line that stands for an entry: `docs/reference/veil.md`, "Ledger lines". */
export function encodeEntry({ seq, atMs, reading, epsilon, rho, promise: asked }: Entry): string {
  const rationals = [epsilon, rho, asked.epsilon, asked.hour, asked.day].map(formatRational);
  return ["1", seq, atMs, reading.wallMs, reading.monoMs, reading.run, ...rationals, asked.unitMs].join(" ");
}

/** Reads such a line; throws `LedgerDamaged` unless it is exactly what `encodeEntry` writes. */
export function decodeEntry(line: string): Entry {
  try {
    const entry = readEntry(line.split(" "));
    checkEntry(entry);
    if (encodeEntry(entry) !== line) throw new RangeError("A line is not in its one form.");
    return entry;
  } catch (error) {
    throw new LedgerDamaged("What this device keeps of its ledger is damaged.", { cause: error });
  }
}

function readEntry(fields: readonly string[]): Entry {
  if (fields.length !== 12) throw new RangeError("A line has twelve fields.");
  const [, seq, atMs, wallMs, monoMs, run, epsilon, rho, unitEpsilon, hour, day, unitMs] = fields as [
    string, string, string, string, string, string, string, string, string, string, string, string,
  ];
  return {
    seq: Number(seq),
    atMs: Number(atMs),
    reading: { wallMs: Number(wallMs), monoMs: Number(monoMs), run },
    epsilon: parseRational(epsilon),
    rho: parseRational(rho),
    promise: {
      unitMs: Number(unitMs),
      epsilon: parseRational(unitEpsilon),
      hour: parseRational(hour),
      day: parseRational(day),
    },
  };
}

function checkEntry({ seq, atMs, reading, epsilon, rho, promise: asked }: Entry): void {
  try {
    promise(asked);
    checkReading(reading);
    const paid = compare(epsilon, ZERO) === 0 || compare(epsilon, asked.epsilon) === 0;
    const counted = [seq, atMs].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!paid || !counted || compare(rho, ZERO) < 0) throw new RangeError("A number is out of range.");
  } catch (error) {
    throw new LedgerDamaged("What this device keeps of its ledger is damaged.", { cause: error });
  }
}

function checkReading({ wallMs, monoMs, run }: Reading): void {
  if (!Number.isSafeInteger(wallMs) || !Number.isSafeInteger(monoMs) || !/^[A-Za-z0-9_-]{1,64}$/.test(run))
    throw new RangeError("A reading is two whole numbers of milliseconds and the name of a run.");
}

function limitsOf(asked: Promised): readonly Limit[] {
  return [
    { which: "unit", spanMs: asked.unitMs, epsilon: asked.epsilon },
    { which: "hour", spanMs: HOUR_MS, epsilon: asked.hour },
    { which: "day", spanMs: DAY_MS, epsilon: asked.day },
  ];
}

function spelling(asked: Promised): string {
  return [asked.unitMs, ...[asked.epsilon, asked.hour, asked.day].map(formatRational)].join(" ");
}

function sum(values: readonly Rational[]): Rational {
  return values.reduce(plus, ZERO);
}

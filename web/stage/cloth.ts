/**
 * From frames to strands: which mode went where, what it came out of and what it went into.
 *
 * A strand is one mode over the time in which frames name it without a break. It is never blended with another: two modes
 * in one place stay two strands. When a mode appears beside one that shrank by it, it is drawn as a thread that leaves its
 * neighbour during the minute before; when it vanishes beside one that grew by it, as a thread that goes into it during
 * the minute after. That curve is drawing, not measurement, and the moment at the reed is never touched by it.
 *
 * Places are in plane coordinates (valence and arousal in [-1, 1]), shares are parts of 1, times Unix seconds.
 */
import type { Mode } from "../shared/frame.ts";
import type { Knot } from "./memory.ts";
import { smoothstep } from "./noise.ts";

export interface Sample {
  readonly at: number;
  readonly valence: number;
  readonly arousal: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface Strand {
  readonly id: number;
  readonly samples: readonly Sample[];
  /** Seconds between samples while the cloth is fresh. */
  readonly window: number;
  /** The strand it left when it appeared. */
  readonly from: Strand | null;
  /** The strand it went into when it vanished. */
  readonly into: Strand | null;
}

/** A strand at one moment, as it is to be drawn: with how much of it is there, 0 to 1. */
export interface Place extends Sample {
  readonly presence: number;
}

/** How long a strand takes to leave another or to go into it, in seconds; longer where time is drawn together. */
export const TURN_SECONDS = 60;

/** How far apart in the plane two strands may be that came out of each other. */
const KIN_DISTANCE = 1.3;

/** The part of a strand's share that its neighbour must have lost (or won) to count as its origin (or its heir). */
const KIN_SHARE = 0.25;

interface Draft {
  id: number;
  samples: Sample[];
  window: number;
  from: Strand | null;
  into: Strand | null;
}

/** The strands of a sitting, in the order of their first appearance. */
export function strandsOf(knots: readonly Knot[]): readonly Strand[] {
  const drafts: Draft[] = [];
  const running = new Map<number, Draft>();
  knots.forEach((knot, i) => {
    const before = knots[i - 1];
    for (const mode of knot.modes) extend(drafts, running, knot, mode, before);
    for (const [id, draft] of running) if ((draft.samples.at(-1)?.at ?? 0) < knot.at) running.delete(id);
  });
  for (const draft of drafts) join(draft, drafts, knots);
  return drafts;
}

function extend(drafts: Draft[], running: Map<number, Draft>, knot: Knot, mode: Mode, before: Knot | undefined): void {
  let draft = running.get(mode.id);
  if (draft === undefined || before === undefined || isBreak(before, knot)) {
    draft = { id: mode.id, samples: [], window: knot.window, from: null, into: null };
    drafts.push(draft);
    running.set(mode.id, draft);
  }
  draft.samples.push(sampleOf(mode, knot.at));
}

/** Whether so much time lies between two knots that no thread may be drawn across it. */
export function isBreak(before: Knot, knot: Knot): boolean {
  return knot.at - before.at > Math.max(3.5 * knot.window, before.modes.length === 0 ? 0 : 605);
}

function sampleOf(mode: Mode, at: number): Sample {
  return {
    at,
    valence: mode.valence / 1000,
    arousal: mode.arousal / 1000,
    share: mode.share / 10_000,
    low: mode.low / 10_000,
    high: mode.high / 10_000,
  };
}

/** Finds out of what a strand came and into what it went. */
function join(draft: Draft, drafts: readonly Draft[], knots: readonly Knot[]): void {
  const first = draft.samples[0];
  const last = draft.samples.at(-1);
  const newest = knots.at(-1);
  if (first === undefined || last === undefined || newest === undefined) return;
  const before = knots.findLast((knot) => knot.at < first.at)?.at;
  const after = knots.find((knot) => knot.at > last.at)?.at;
  if (before !== undefined && first.at - before < TURN_SECONDS) draft.from = kin(draft, first, drafts, before, first.at);
  if (after !== undefined && after - last.at < TURN_SECONDS) draft.into = kin(draft, last, drafts, after, last.at);
}

/** The nearest strand whose share fell between `there` and `here` (for an heir: rose from `here` to `there`). */
function kin(self: Draft, end: Sample, drafts: readonly Draft[], there: number, here: number): Strand | null {
  let best: Strand | null = null;
  let nearest = KIN_DISTANCE;
  for (const other of drafts) {
    if (other === self) continue;
    const far = other.samples.find((sample) => sample.at === there);
    if (far === undefined) continue;
    const near = other.samples.find((sample) => sample.at === here);
    const distance = Math.hypot(far.valence - end.valence, far.arousal - end.arousal);
    if (far.share - (near?.share ?? 0) >= KIN_SHARE * end.share && distance < nearest) {
      nearest = distance;
      best = other;
    }
  }
  return best;
}

/** A strand at a moment, smoothed over about a window (or over `span` seconds if that is more); null where it is not. */
export function placeAt(strand: Strand, at: number, span: number): Place | null {
  const first = strand.samples[0];
  const last = strand.samples.at(-1);
  if (first === undefined || last === undefined) return null;
  if (at >= first.at && at <= last.at) return { ...average(strand, at, span), presence: 1 };
  return at < first.at ? before(strand, first, at, span) : after(strand, last, at, span);
}

function before(strand: Strand, first: Sample, at: number, span: number): Place | null {
  const turn = Math.max(strand.from === null ? strand.window : TURN_SECONDS, 2 * span);
  const done = 1 - (first.at - at) / turn;
  if (done <= 0) return null;
  return blend(strand.from, { ...average(strand, first.at, span), at }, done, span);
}

function after(strand: Strand, last: Sample, at: number, span: number): Place | null {
  const turn = Math.max(strand.into === null ? strand.window : TURN_SECONDS, 2 * span);
  const done = 1 - (at - last.at) / turn;
  if (done <= 0) return null;
  return blend(strand.into, { ...average(strand, last.at, span), at }, done, span);
}

/** Somewhere between another strand (`done` 0) and one's own place (`done` 1). */
function blend(other: Strand | null, own: Sample, done: number, span: number): Place {
  const presence = smoothstep(0, 0.6, done);
  const origin = other === null ? null : covered(other, own.at, span);
  if (origin === null) return { ...own, presence };
  const part = smoothstep(0, 1, done);
  const mix = (a: number, b: number): number => a + (b - a) * part;
  return { ...own, valence: mix(origin.valence, own.valence), arousal: mix(origin.arousal, own.arousal), presence };
}

function covered(strand: Strand, at: number, span: number): Sample | null {
  const first = strand.samples[0];
  const last = strand.samples.at(-1);
  if (first === undefined || last === undefined) return null;
  return average(strand, Math.min(last.at, Math.max(first.at, at)), span);
}

/** A weighted mean of the samples around a moment: no measured wobble is drawn quicker than a window. */
function average(strand: Strand, at: number, span: number): Sample {
  const { samples } = strand;
  const here = nearestIndex(samples, at);
  const reach = Math.max(2.2 * strand.window, span, 1.1 * gapAround(samples, here));
  let total = 0;
  let [valence, arousal, share, low, high] = [0, 0, 0, 0, 0];
  const take = (sample: Sample): boolean => {
    const u = (sample.at - at) / reach;
    if (Math.abs(u) >= 1) return false;
    const weight = (1 - u * u) ** 3;
    total += weight;
    valence += weight * sample.valence;
    arousal += weight * sample.arousal;
    share += weight * sample.share;
    low += weight * sample.low;
    high += weight * sample.high;
    return true;
  };
  for (let i = here; i >= 0 && take(samples[i] as Sample); i -= 1);
  for (let i = here + 1; i < samples.length && take(samples[i] as Sample); i += 1);
  if (total === 0) return { ...(samples[here] as Sample), at };
  const part = (sum: number): number => sum / total;
  return { at, valence: part(valence), arousal: part(arousal), share: part(share), low: part(low), high: part(high) };
}

/** The index of the sample nearest to a moment, by bisection. */
function nearestIndex(samples: readonly Sample[], at: number): number {
  let low = 0;
  let high = samples.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle] as Sample).at < at) low = middle + 1;
    else high = middle;
  }
  const before = samples[low - 1];
  return before !== undefined && at - before.at < (samples[low] as Sample).at - at ? low - 1 : low;
}

function gapAround(samples: readonly Sample[], i: number): number {
  const here = (samples[i] as Sample).at;
  const left = samples[i - 1]?.at ?? here;
  const right = samples[i + 1]?.at ?? here;
  return Math.max(here - left, right - here);
}

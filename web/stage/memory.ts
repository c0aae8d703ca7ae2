/**
 * What the stage remembers of a sitting: one knot for each frame, thinned with age.
 *
 * The cloth draws old time together, so it needs old knots less densely: every one of the last ten minutes, one a minute
 * in the last six hours, one in ten minutes before that, nothing beyond two days. A whole sitting is a few hundred knots.
 */
import type { Frame, Mode } from "../shared/frame.ts";

export interface Knot {
  /** Unix seconds. */
  readonly at: number;
  /** Seconds. */
  readonly window: number;
  readonly modes: readonly Mode[];
}

interface Rule {
  readonly until: number;
  readonly every: number;
}

const RULES: readonly Rule[] = [
  { until: 600, every: 0 },
  { until: 6 * 3600, every: 60 },
  { until: 48 * 3600, every: 600 },
];

/** The knots with one more frame: in order of time, each moment once, the later word for the same moment winning. */
export function remember(knots: readonly Knot[], frame: Frame): readonly Knot[] {
  const knot: Knot = { at: frame.at, window: frame.window, modes: frame.state === "open" ? frame.modes : [] };
  const last = knots.at(-1);
  if (last === undefined || last.at < knot.at) return thin([...knots, knot]);
  const others = knots.filter((other) => other.at !== knot.at);
  return thin([...others, knot].sort((a, b) => a.at - b.at));
}

function thin(knots: readonly Knot[]): readonly Knot[] {
  const now = knots.at(-1)?.at ?? 0;
  const kept: Knot[] = [];
  for (const knot of knots) {
    const rule = RULES.find(({ until }) => now - knot.at <= until);
    if (rule !== undefined && isOwed(kept.at(-1), knot, rule.every)) kept.push(knot);
  }
  return kept;
}

/** A knot stays when its stretch of time has none yet, or when the strands in it are others than before. */
function isOwed(before: Knot | undefined, knot: Knot, every: number): boolean {
  if (before === undefined || every === 0) return true;
  const moved = Math.floor(before.at / every) !== Math.floor(knot.at / every);
  return moved || ids(before) !== ids(knot);
}

function ids(knot: Knot): string {
  return knot.modes.map((mode) => mode.id).sort((a, b) => a - b).join();
}

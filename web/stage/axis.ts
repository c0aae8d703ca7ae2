/**
 * The cloth's axis of time: how far from the reed a moment lies.
 *
 * The last five minutes always take the same part of the cloth (`LIVE_PART`), on a straight scale, so that what happens
 * now is seen at one speed. What is older is drawn together, the more the older it is, and the whole sitting stays on the
 * cloth. The two parts meet without a kink. A sitting that is still short leaves the rest of the loom bare.
 *
 * Ages are in seconds, distances are parts of the cloth's width, 0 at the reed and 1 at the far edge.
 */

/** The straight part of the axis: five minutes. */
export const LIVE_SECONDS = 300;

/** The part of the cloth's width that the last five minutes take. */
export const LIVE_PART = 0.36;

/** Sittings shorter than this fit on the straight scale. */
export const STRAIGHT_SECONDS = LIVE_SECONDS / LIVE_PART;

export interface Axis {
  /** The age at the far edge, in seconds. */
  readonly span: number;
  /** How quickly the old part draws together, in seconds; infinite when the whole axis is straight. */
  readonly bend: number;
}

/** The axis of a sitting of this length in seconds. */
export function axisFor(length: number): Axis {
  if (length <= STRAIGHT_SECONDS) return { span: STRAIGHT_SECONDS, bend: Number.POSITIVE_INFINITY };
  return { span: length, bend: bendFor(length) };
}

/** Distance of a moment from the reed; below 0 for what is still to come. */
export function placeOf(axis: Axis, age: number): number {
  const straight = (age * LIVE_PART) / LIVE_SECONDS;
  if (age <= LIVE_SECONDS || axis.bend === Number.POSITIVE_INFINITY) return straight;
  const { bend } = axis;
  return LIVE_PART + (LIVE_PART / LIVE_SECONDS) * bend * Math.log1p((age - LIVE_SECONDS) / bend);
}

/** The age at a distance from the reed: `placeOf` the other way round. */
export function ageAt(axis: Axis, place: number): number {
  const straight = (place * LIVE_SECONDS) / LIVE_PART;
  if (place <= LIVE_PART || axis.bend === Number.POSITIVE_INFINITY) return straight;
  const { bend } = axis;
  return LIVE_SECONDS + bend * Math.expm1(((place - LIVE_PART) * LIVE_SECONDS) / (LIVE_PART * bend));
}

/** Seconds per part of the width at a distance: how densely time lies there. */
export function densityAt(axis: Axis, place: number): number {
  const step = 1e-4;
  return (ageAt(axis, place + step) - ageAt(axis, place - step)) / (2 * step);
}

/** The bend for which a sitting of this length just reaches the far edge, by bisection on a logarithmic scale. */
function bendFor(length: number): number {
  let low = Math.log(1e-2);
  let high = Math.log(1e9);
  for (let turn = 0; turn < 60; turn += 1) {
    const middle = (low + high) / 2;
    const reach = placeOf({ span: length, bend: Math.exp(middle) }, length);
    if (reach > 1) high = middle;
    else low = middle;
  }
  return Math.exp((low + high) / 2);
}

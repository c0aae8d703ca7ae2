/**
 * Repeatable irregularity: the same thread wanders the same way on every screen and after every reload.
 *
 * Nothing here is random in the sense of privacy, and nothing about a person depends on it: it only keeps drawn threads
 * from looking ruled.
 */

/** A number in [0, 1) for a pair of integers: the same for the same pair, everywhere. */
export function scatter(a: number, b: number): number {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul((b | 0) + 0x7f4a7c15, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

/** A smooth wander in [-1, 1] along `x`, one turn per unit or so; `seed` picks the thread. */
export function wander(seed: number, x: number): number {
  const left = Math.floor(x);
  const u = x - left;
  const ease = u * u * u * (u * (u * 6 - 15) + 10);
  const a = scatter(seed, left);
  const b = scatter(seed, left + 1);
  return (a + (b - a) * ease) * 2 - 1;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const u = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return u * u * (3 - 2 * u);
}

/** The i-th point of an even, never repeating sequence in the unit square (R2, M. Roberts 2018). */
export function evenPoint(i: number): readonly [number, number] {
  return [(0.5 + i * 0.7548776662466927) % 1, (0.5 + i * 0.5698402909980532) % 1];
}

/**
 * Values on their way from one to another, as plain data: nothing here runs by itself.
 */
export interface Way {
  readonly from: number;
  readonly to: number;
  readonly begun: number;
  /** Milliseconds; 0 is there at once. */
  readonly takes: number;
}

/** A value that is not on its way. */
export function resting(value: number): Way {
  return { from: value, to: value, begun: 0, takes: 0 };
}

/** From where a value is at this moment to another. */
export function towards(way: Way, to: number, at: number, takes: number): Way {
  return { from: valueAt(way, at), to, begun: at, takes };
}

/** Slow at both ends. */
export function valueAt({ from, to, begun, takes }: Way, at: number): number {
  const u = takes === 0 ? 1 : Math.min(1, Math.max(0, (at - begun) / takes));
  return from + (to - from) * (u < 0.5 ? 4 * u ** 3 : 1 - (2 - 2 * u) ** 3 / 2);
}

export function isMoving({ begun, takes }: Way, at: number): boolean {
  return at < begun + takes;
}

/** One slow breath of ten seconds: out of the dark and most of the way back, 0 to 1. */
export function breathAt(since: number): number {
  const u = Math.min(1, Math.max(0, since / 10_000));
  return Math.sin(Math.PI * Math.min(1, u * 1.02)) ** 2 * 0.62 + 0.38 * Math.min(1, u * 2.5);
}

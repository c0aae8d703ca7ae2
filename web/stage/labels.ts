/**
 * Where the words of the strands stand: beside the reed, in the dark between strands, never on one.
 *
 * Each label goes just above or just below its own strand, wherever there is room nearest to it; a label for which there
 * is no room beside the cloth is left out here, and the page lists it under the picture instead.
 */

/** What a label must keep clear of, from `top` to `bottom` in CSS pixels: a strand over the label's width. */
export interface Band {
  readonly top: number;
  readonly bottom: number;
}

export interface Wanted {
  readonly id: number;
  readonly height: number;
  /** The strand's own height at the reed. */
  readonly y: number;
  /** The strand's own band. */
  readonly band: Band;
  /** Labels of great shares find their place first. */
  readonly share: number;
}

export interface Placed {
  readonly id: number;
  readonly top: number;
}

const CLEAR = 5;

/**
 * The places of those labels that have room between `top` and `bottom`; a label belongs within `reach` of its
 * strand; `passing` are bands without a label.
 */
export function placeLabels(
  wanted: readonly Wanted[], top: number, bottom: number, reach: number, passing: readonly Band[] = [],
): readonly Placed[] {
  const taken: Band[] = [...wanted.map(({ band }) => band), ...passing];
  const placed: Placed[] = [];
  for (const want of [...wanted].sort((a, b) => b.share - a.share)) {
    const found = bestOf(candidates(want, taken, top, bottom), want, reach);
    if (found === null) continue;
    placed.push({ id: want.id, top: found });
    taken.push({ top: found, bottom: found + want.height });
  }
  return placed;
}

/** Every place that touches something from above or below and is free. */
function candidates(want: Wanted, taken: readonly Band[], top: number, bottom: number): readonly number[] {
  const edges = taken.flatMap((band) => [band.bottom + CLEAR, band.top - CLEAR - want.height]);
  return edges.filter((at) => at >= top && at + want.height <= bottom && isFree(at, want.height, taken));
}

function isFree(at: number, height: number, taken: readonly Band[]): boolean {
  return taken.every((band) => at >= band.bottom + CLEAR - 0.5 || at + height <= band.top - CLEAR + 0.5);
}

/** The candidate nearest to the strand, or null when even that is too far to be read as its label. */
function bestOf(places: readonly number[], want: Wanted, reach: number): number | null {
  const distance = (at: number): number => Math.max(want.band.top - (at + want.height), at - want.band.bottom, 0);
  const best = [...places].sort((a, b) => distance(a) - distance(b))[0];
  return best === undefined || distance(best) > reach ? null : best;
}

/**
 * Where things stand in the picture, in CSS pixels of its box: the cloth left of the reed, the field right of it, one
 * vertical axis for both, pleasant up.
 */
import type { Size } from "./weave.ts";

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The far edge of the cloth, the reed, and the stirred edge of the plane. */
  readonly left: number;
  readonly reed: number;
  readonly right: number;
  /** The quiet edge of the plane: a little right of the reed. */
  readonly quiet: number;
  /** The pleasant and the unpleasant edge. */
  readonly top: number;
  readonly bottom: number;
  /** One line of text, for the words at the edges. */
  readonly line: number;
  /** There is no field yet: on a narrow screen the bare loom takes the whole width above the code. */
  readonly bare: boolean;
}

/** Narrower than this, the code does not fit beside the cloth. */
const NARROW = 640;

/** The part of a narrow picture's height that is left to the loom while the code is shown. */
const BARE_PART = 0.4;

/** The layout of a picture of this size; `line` is the height of a line of its small text. */
export function layoutFor(width: number, height: number, line: number, invites: boolean): Layout {
  const narrow = width < NARROW;
  if (narrow && invites) return bareLayout(width, height, line);
  const margin = narrow ? 20 : Math.round(width * 0.026);
  const reed = Math.round(width * 0.655);
  const right = width - margin - (narrow ? 0 : Math.round(width * 0.012));
  return {
    width,
    height,
    left: margin,
    reed,
    right,
    quiet: Math.round(reed + (right - reed) * 0.07),
    top: Math.round(line * 1.5),
    bottom: Math.round(height - line * 1.6),
    line,
    bare: false,
  };
}

function bareLayout(width: number, height: number, line: number): Layout {
  const right = width - 20;
  return {
    width, height, left: 20, reed: right, right, quiet: right, line, bare: true,
    top: Math.round(line * 0.5),
    bottom: Math.round(height * BARE_PART),
  };
}

/** The cloth's size: what the threads are made for. */
export function clothSize(layout: Layout): Size {
  return { width: layout.reed - layout.left, height: layout.bottom - layout.top };
}

/** The place of a feeling in the field. */
export function placeInField(layout: Layout, valence: number, arousal: number): { x: number; y: number } {
  return {
    x: layout.quiet + ((arousal + 1) / 2) * (layout.right - layout.quiet),
    y: layout.top + ((1 - valence) / 2) * (layout.bottom - layout.top),
  };
}

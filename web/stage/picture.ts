/**
 * What is painted, and the painter's side of the bargain: pictures come in, light comes out.
 *
 * `pictureOf` turns a state of the stage into lines and densities (pure). A painter (`glow.ts` with WebGL2, `flat.ts`
 * without) holds one picture and the one before, and paints any moment between them.
 */
import { axisFor, type Axis } from "./axis.ts";
import { strandsOf } from "./cloth.ts";
import { densityOf, rovingOf } from "./field.ts";
import { clothSize, type Layout } from "./layout.ts";
import type { Stage } from "./state.ts";
import { coursesOf, outlinesOf, threadsOf, warpOf, weftOf, type Course, type Lines } from "./weave.ts";

export interface Ring {
  readonly valence: number;
  readonly arousal: number;
  readonly spread: readonly [number, number];
}

export interface Picture {
  readonly layout: Layout;
  readonly axis: Axis;
  /** Unix seconds of the newest frame, or 0 when there is none. */
  readonly now: number;
  readonly window: number;
  readonly courses: readonly Course[];
  readonly warp: Lines;
  readonly threads: Lines;
  readonly weft: Lines;
  readonly outlines: Lines;
  readonly roving: Lines;
  readonly density: Float32Array;
  readonly rings: readonly Ring[];
}

/** A moment to paint: everything that changes between two frames. */
export interface Moment {
  /** Seconds that the cloth has still to move to the left. */
  readonly slide: number;
  /** From the field before (0) to the field of now (1). */
  readonly turn: number;
  /** From the picture before (0) to this one (1), when nothing may move. */
  readonly fade: number;
  /** Colour lost, 0 to 1. */
  readonly drain: number;
  /** How bright the bare warp is, 0 to 1. */
  readonly warp: number;
  /** Dark lines on a bright ground. */
  readonly daylight: boolean;
}

export interface Painter {
  /** Takes the next picture; the one before stays for as long as a turn lasts. */
  load(picture: Picture): void;
  /** Keeps what is on the screen, for a cross-fade. */
  hold(): void;
  paint(moment: Moment): void;
}

/** How many threads the whole group has, on a cloth of this width. */
function wholeFor(layout: Layout): number {
  return Math.round(Math.min(380, Math.max(150, layout.width * 0.19)));
}

/** The picture of a stage in a layout. */
export function pictureOf(stage: Stage, layout: Layout): Picture {
  const size = clothSize(layout);
  const now = stage.newest?.at ?? 0;
  const window = stage.newest?.window ?? 10;
  const oldest = stage.knots.find(({ modes }) => modes.length > 0)?.at ?? now;
  const axis = axisFor(now - oldest);
  const whole = wholeFor(layout);
  const courses = coursesOf(strandsOf(stage.knots), axis, now, size);
  const inset = (layout.quiet - layout.reed) / (layout.right - layout.reed);
  const rings = stage.newest?.state === "open" ? stage.newest.modes : [];
  return {
    layout,
    axis,
    now,
    window,
    courses,
    warp: warpOf(size),
    threads: threadsOf(courses, axis, now, size, whole),
    weft: weftOf(courses, axis, now, size, window),
    outlines: outlinesOf(courses),
    roving: rovingOf(courses, stage.newest, whole, inset),
    density: densityOf(stage.newest),
    rings: rings.map(({ valence, arousal, spread }) => ({
      valence: valence / 1000,
      arousal: arousal / 1000,
      spread: [spread[0] / 1000, spread[1] / 1000],
    })),
  };
}

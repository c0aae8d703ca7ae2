/**
 * The room beneath one's own point: the frame's cells as light, and as marks of equal weight.
 *
 * Nothing is drawn finer than the cells say. The light is the cells smoothed over half a cell; a mark stands for one part
 * in `MARKS` of the group and lies at a fixed place in its cell, so marks are not people and do not move with anybody.
 * Drawn once for each frame, outside any animation; the page cross-fades two canvases.
 */
import { colourAt, css, type Ground, rgb } from "../shared/colour.ts";
import type { Frame } from "../shared/frame.ts";
import { isWide, nearest, type WordKey } from "../shared/words.ts";

const MARKS = 72;
const LIGHT_SIDE = 96;
/** Width of the smoothing, in cells. */
const SMOOTHING = 0.62;
const DEEPEST: Readonly<Record<Ground, number>> = { dark: 0.62, light: 0.5 };

/** Where the plane lies on a canvas. */
export interface Place {
  /** Device pixels per CSS pixel. */
  readonly scale: number;
  /** Device pixels between the canvas's edge and the plane's; the light reaches into it. */
  readonly inset: number;
}

/** Draws a frame over the whole canvas. */
export function drawRoom(canvas: HTMLCanvasElement, frame: Frame, place: Place, ground: Ground): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (frame.state !== "open") return;
  drawLight(context, frame, place, ground);
  drawMarks(context, frame, place, ground);
}

interface GroupInWords {
  readonly word: WordKey;
  readonly percent: number;
  /** Whether its band excludes zero. */
  readonly sure: boolean;
  /** Whether it reaches over so much of the plane that no word speaks for it. */
  readonly wide: boolean;
}

/** What the room is, in words of the plane: for those who do not see it. */
export function groupsOf(frame: Frame): readonly GroupInWords[] {
  return [...frame.modes]
    .sort((one, other) => other.share - one.share)
    .map((mode) => ({
      word: (nearest(mode.valence / 1000, mode.arousal / 1000)[0] as { readonly key: WordKey }).key,
      percent: Math.round(mode.share / 100),
      sure: mode.low > 0,
      wide: isWide(mode.spread),
    }));
}

function drawLight(context: CanvasRenderingContext2D, frame: Frame, { inset }: Place, ground: Ground): void {
  const image = new ImageData(LIGHT_SIDE, LIGHT_SIDE);
  const [arousals, valences] = [axis(context.canvas.width, inset), axis(context.canvas.height, inset).reverse()];
  const density = smooth(frame, valences, arousals);
  const noise = noiseFrom(7);
  for (let y = 0; y < LIGHT_SIDE; y += 1) {
    for (let x = 0; x < LIGHT_SIDE; x += 1) {
      const index = y * LIGHT_SIDE + x;
      const colour = rgb(colourAt(within(valences[y] as number), within(arousals[x] as number), ground));
      const alpha = DEEPEST[ground] * (1 - Math.exp(-0.22 * (density[index] as number)));
      image.data.set(colour.map((part) => Math.round(part * 255)), index * 4);
      // Half a step of noise, so that the glow has no bands.
      image.data[index * 4 + 3] = Math.floor(alpha * 255 + noise());
    }
  }
  const small = document.createElement("canvas");
  small.width = LIGHT_SIDE;
  small.height = LIGHT_SIDE;
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
}

/** The plane's coordinate at each step along a canvas of this length, low end first; a little beyond [-1, 1]. */
function axis(length: number, inset: number): number[] {
  const reach = length / Math.max(1, length - 2 * inset);
  return Array.from({ length: LIGHT_SIDE }, (_, step) => reach * ((2 * (step + 0.5)) / LIGHT_SIDE - 1));
}

function within(coordinate: number): number {
  return Math.min(1, Math.max(-1, coordinate));
}

/** Density at each step of both axes, 1 where everybody is spread evenly. Separable: first over valence, then arousal. */
function smooth(frame: Frame, valences: readonly number[], arousals: readonly number[]): Float32Array {
  const side = frame.grid;
  const [upward, across] = [valences.map((place) => kernel(place, side)), arousals.map((place) => kernel(place, side))];
  const density = new Float32Array(LIGHT_SIDE * LIGHT_SIDE);
  upward.forEach((weights, y) => {
    const row = Array.from({ length: side }, (_, a) => sum(weights, (weight, v) => weight * (frame.cells[v * side + a] as number)));
    across.forEach((reach, x) => {
      density[y * LIGHT_SIDE + x] = (sum(reach, (weight, a) => weight * (row[a] as number)) * side * side) / 10_000;
    });
  });
  return density;
}

/** How much of each cell of one axis reaches a coordinate. */
function kernel(coordinate: number, side: number): readonly number[] {
  const place = ((coordinate + 1) * side) / 2 - 0.5;
  const peak = 1 / (SMOOTHING * Math.sqrt(2 * Math.PI));
  return Array.from({ length: side }, (_, cell) => peak * Math.exp(-0.5 * ((place - cell) / SMOOTHING) ** 2));
}

function sum<T>(values: readonly T[], part: (value: T, index: number) => number): number {
  return values.reduce((total, value, index) => total + part(value, index), 0);
}

function drawMarks(context: CanvasRenderingContext2D, frame: Frame, place: Place, ground: Ground): void {
  const side = frame.grid;
  frame.cells.forEach((share, cell) => {
    const noise = noiseFrom(cell + 1);
    const weight = (share * MARKS) / 10_000;
    for (let mark = 0; mark < weight; mark += 1) {
      const arousal = (2 * ((cell % side) + 0.1 + 0.8 * noise())) / side - 1;
      const valence = (2 * (Math.floor(cell / side) + 0.1 + 0.8 * noise())) / side - 1;
      drawMark(context, valence, arousal, Math.min(1, weight - mark), place, ground);
    }
  });
}

function drawMark(
  context: CanvasRenderingContext2D, valence: number, arousal: number, weight: number, { scale, inset }: Place, ground: Ground,
): void {
  const x = inset + ((arousal + 1) / 2) * (context.canvas.width - 2 * inset);
  const y = inset + ((1 - valence) / 2) * (context.canvas.height - 2 * inset);
  const colour = colourAt(valence, arousal, ground);
  disk(context, x, y, 6.5 * scale, css(colour, 0.2 * weight));
  disk(context, x, y, 1.9 * scale, css(ground === "dark" ? { ...colour, l: Math.min(0.93, colour.l + 0.1) } : colour, 0.9 * weight));
}

function disk(context: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  context.fillStyle = fill;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** The same numbers in [0, 1) for the same seed: marks keep their places. (Mulberry32 by T. Ettinger, public domain.) */
function noiseFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The field of now: how densely people are where, drawn no finer than its error.
 *
 * The frame's cell shares are spread with a round kernel whose width grows with the frame's own bands, so that no dent or
 * peak is seen that the error does not carry. The threads that lead from the reed into the field end there.
 */
import type { Frame } from "../shared/frame.ts";
import { type Course, type Lines, Spinner } from "./weave.ts";
import { lightOf } from "./light.ts";
import { scatter } from "./noise.ts";

/** The density is sampled on a square of this many points a side, over [-REACH, REACH] in both directions. */
export const POINTS = 48;
export const REACH = 1.25;

/** How far one cell's share is spread: the kernel's sd in plane coordinates. */
export function blurOf(frame: Frame): number {
  const widths = frame.regions.map(([, low, high]) => (high - low) / 2 / 10_000);
  const error = widths.length === 0 ? 0 : widths.reduce((a, b) => a + b, 0) / widths.length;
  return Math.min(0.4, 0.95 / frame.grid + error);
}

/** Density over the plane: 1 is what an even spread over the plane would have. Row by row, from unpleasant to pleasant. */
export function densityOf(frame: Frame | null): Float32Array {
  const density = new Float32Array(POINTS * POINTS);
  if (frame === null || frame.state !== "open" || frame.cells.length !== frame.grid ** 2) return density;
  const { grid } = frame;
  const kernel = kernelOf(grid, blurOf(frame));
  for (let row = 0; row < POINTS; row += 1) {
    for (let column = 0; column < POINTS; column += 1) {
      let sum = 0;
      for (let v = 0; v < grid; v += 1) {
        for (let a = 0; a < grid; a += 1) sum += (frame.cells[v * grid + a] ?? 0) * at(kernel, row, v, grid) * at(kernel, column, a, grid);
      }
      density[row * POINTS + column] = (sum / 10_000) * 4;
    }
  }
  return density;
}

/** For each sample point and each cell of one direction: how much of the cell lies there. */
function kernelOf(grid: number, sd: number): Float32Array {
  const kernel = new Float32Array(POINTS * grid);
  for (let i = 0; i < POINTS; i += 1) {
    const x = ((i + 0.5) / POINTS) * 2 * REACH - REACH;
    for (let cell = 0; cell < grid; cell += 1) {
      const u = (x - ((2 * cell + 1) / grid - 1)) / sd;
      kernel[i * grid + cell] = Math.exp(-u * u / 2) / (sd * Math.sqrt(2 * Math.PI));
    }
  }
  return kernel;
}

function at(kernel: Float32Array, point: number, cell: number, grid: number): number {
  return kernel[point * grid + cell] as number;
}

/** The threads between the reed and the field: x from 0 at the reed to 1 at the stirred edge, y as in `weave.ts`. */
export function rovingOf(courses: readonly Course[], frame: Frame | null, whole: number, inset: number): Lines {
  const spin = new Spinner();
  for (const { strand, points } of courses) {
    const reed = points[0];
    const mode = frame?.modes.find(({ id }) => id === strand.id);
    if (reed == null || mode === undefined || strand.samples.at(-1)?.at !== frame?.at) continue;
    const light = lightOf(mode.valence / 1000, mode.arousal / 1000);
    const count = Math.max(3, Math.round(reed.share * whole * 0.3));
    for (let j = 0; j < count; j += 1) {
      const q = ((0.5 + j * 0.6180339887498949) % 1) * 2 - 1;
      const [x, y] = endOf(mode, strand.id * 557 + j);
      drawOut(spin, reed.y + q * reed.core * 0.9, inset + (1 - inset) * x, y, light, 0.35 + 0.65 * scatter(strand.id, j));
    }
  }
  return spin.lines();
}

/** A place in a mode's own spread, the same for the same thread. */
function endOf(mode: { valence: number; arousal: number; spread: readonly [number, number] }, seed: number): [number, number] {
  const turn = 2 * Math.PI * scatter(seed, 11);
  const away = Math.sqrt(-2 * Math.log(1 - 0.86 * scatter(seed, 12)));
  const valence = (mode.valence + mode.spread[0] * away * Math.sin(turn)) / 1000;
  const arousal = (mode.arousal + mode.spread[1] * away * Math.cos(turn)) / 1000;
  const within = (x: number): number => Math.min(1, Math.max(-1, x));
  return [(within(arousal) + 1) / 2, (1 - within(valence)) / 2];
}

/** One thread from the reed (0, from) to (x, y): level at both ends, fading into the fleece. */
function drawOut(spin: Spinner, from: number, x: number, y: number, light: readonly [number, number, number], strength: number): void {
  spin.begin();
  for (let k = 0; k <= 24; k += 1) {
    const u = k / 24;
    const ease = u * u * (3 - 2 * u);
    spin.point(u * x, from + (y - from) * ease, strength * (1 - u) ** 0.8, light, 0);
  }
}

/**
 * From strands to threads: the lines that are drawn, in the cloth's own coordinates.
 *
 * A strand's dense core is as wide as the share that is certain of it (`low`), its loose threads reach as far as its share
 * may be (`high`). So a frayed strand is an uncertain one. Threads are thin, many, and drawn one by one.
 *
 * Coordinates: `age` in seconds before the newest frame (the painter maps it to x with `axis.ts`), `y` as a part of the
 * plane's height, 0 at pleasant. The same lines go to the WebGL and to the flat painter.
 */
import { ageAt, densityAt, placeOf, type Axis } from "./axis.ts";
import { placeAt, type Strand } from "./cloth.ts";
import { lightOf, type Light } from "./light.ts";
import { scatter, smoothstep, wander } from "./noise.ts";

/** The height, as a part of the plane's, that the whole group's threads take. */
export const FULL_WIDTH = 0.3;

/** No strand that is certainly there is thinner than this, in CSS pixels. */
export const LEAST_PX = 3;

/** How far strands that lie in one place may be laid apart, as a part of the plane's height. */
const MOST_APART = 0.09;

export interface Size {
  /** Width of the cloth and height of the plane, in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** One strand in one column of the cloth. */
export interface Point {
  readonly age: number;
  /** Centre, half width of the core and reach of the loose threads, as parts of the plane's height. */
  readonly y: number;
  readonly core: number;
  readonly reach: number;
  readonly share: number;
  readonly presence: number;
  /** 0 when the strand may not be there at all. */
  readonly certain: number;
  readonly light: Light;
}

export interface Course {
  readonly strand: Strand;
  /** One for each column, from the reed to the far edge; null where the strand is not. */
  readonly points: readonly (Point | null)[];
}

/** Numbers for each point of a line: see `pushPoint`. */
export const STRIDE = 8;

export interface Lines {
  /** `STRIDE` numbers for each point. */
  readonly data: Float32Array;
  /** Where each line starts, in points, and after the last where it ends. */
  readonly starts: Uint32Array;
}

/** The ages at which the cloth is drawn, about one for every four pixels, a little beyond the far edge. */
export function columnsOf(axis: Axis, size: Size): readonly number[] {
  const count = Math.max(24, Math.round(size.width / 4));
  return Array.from({ length: count + 2 }, (_, k) => ageAt(axis, (k / count) * 1.02));
}

/** Where each strand runs, laid apart where several lie in one place. `now` is the newest frame's time. */
export function coursesOf(strands: readonly Strand[], axis: Axis, now: number, size: Size): readonly Course[] {
  const ages = columnsOf(axis, size);
  // What is drawn within a finger's breadth is drawn as one movement.
  const spans = ages.map((age, k) => 4.5 * ((ages[k + 1] ?? age) - (ages[k - 1] ?? 0)));
  const courses = strands.map((strand) => ({
    strand,
    points: ages.map((age, k) => pointAt(strand, now, age, spans[k] ?? 0, size)) as (Point | null)[],
  }));
  layApart(courses, ages.length);
  return courses.filter(({ points }) => points.some((point) => point !== null));
}

function pointAt(strand: Strand, now: number, age: number, span: number, size: Size): Point | null {
  const place = placeAt(strand, now - age, span);
  if (place === null) return null;
  const least = LEAST_PX / 2 / size.height;
  const certain = smoothstep(0, 0.004, place.low);
  const sure = Math.min(place.share, Math.max(place.low, place.share * 0.55));
  return {
    age,
    y: (1 - place.valence) / 2,
    core: Math.max(least, (FULL_WIDTH * sure) / 2),
    reach: Math.max(least * 2, (FULL_WIDTH * place.high) / 2),
    share: place.share,
    presence: place.presence,
    certain,
    light: lightOf(place.valence, place.arousal),
  };
}

/** Lays strands apart where they overlap: the smaller moves more, those that cross slip through each other. */
function layApart(courses: readonly { points: (Point | null)[]; strand: Strand }[], columns: number): void {
  const moves = courses.map(() => new Float32Array(columns));
  for (let k = 0; k < columns; k += 1) {
    courses.forEach((one, i) => {
      courses.slice(i + 1).forEach((other, n) => push(moves, i, i + 1 + n, k, one.points[k], other.points[k]));
    });
  }
  courses.forEach(({ points }, i) => {
    const calm = calmed(moves[i] as Float32Array);
    points.forEach((point, k) => {
      if (point !== null) points[k] = { ...point, y: point.y + Math.max(-MOST_APART, Math.min(MOST_APART, calm[k] as number)) };
    });
  });
}

function push(
  moves: readonly Float32Array[], i: number, j: number, k: number, a: Point | null | undefined, b: Point | null | undefined,
): void {
  if (a == null || b == null) return;
  const gap = apart(a, b);
  const heavy = a.share + b.share + 1e-9;
  const [one, other] = [moves[i] as Float32Array, moves[j] as Float32Array];
  one[k] = (one[k] as number) + (gap * b.share) / heavy;
  other[k] = (other[k] as number) - (gap * a.share) / heavy;
}

/** How many columns to each side a move is spread over, so that no strand jerks aside. */
const CALM = 9;

function calmed(moves: Float32Array): Float32Array {
  return moves.map((_, k) => {
    let [sum, total] = [0, 0];
    for (let d = -CALM; d <= CALM; d += 1) {
      const weight = 1 - (d / (CALM + 1)) ** 2;
      sum += weight * (moves[Math.min(moves.length - 1, Math.max(0, k + d))] as number);
      total += weight;
    }
    return sum / total;
  });
}

/** By how much two strands are moved apart; positive when `a` is the lower of them on the screen. */
function apart(a: Point, b: Point): number {
  const room = (a.core + b.core) * 1.2 + 0.4 * (a.reach - a.core + b.reach - b.core) + 0.01;
  const distance = (a.y - b.y) / room;
  if (Math.abs(distance) >= 1) return 0;
  // Of two strands at one height the more stirred (the lighter) lies above.
  const side = distance + 0.5 * Math.tanh((luminance(b.light) - luminance(a.light)) * 6);
  return room * (Math.tanh(3 * side) - distance) * Math.min(a.presence, b.presence);
}

function luminance([r, g, b]: Light): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The threads of all strands; `whole` is how many threads the whole group has. */
export function threadsOf(courses: readonly Course[], axis: Axis, now: number, size: Size, whole: number): Lines {
  const spin = new Spinner();
  const looseness = loosenessOf(axis, size, columnsOf(axis, size));
  for (const course of courses) {
    const most = Math.max(...course.points.map((point) => point?.share ?? 0));
    const count = Math.max(7, Math.ceil(most * whole));
    for (let j = 0; j < count; j += 1) spinThread(spin, course, j, { now, whole, looseness, height: size.height });
  }
  return spin.lines();
}

interface Manner {
  readonly now: number;
  readonly whole: number;
  readonly looseness: readonly (readonly number[])[];
  readonly height: number;
}

/** Wavelengths of a thread's wander, in seconds: the long ones take over where time is drawn together. */
const WAVES = [45, 170, 650, 2600, 10_400];

/** How much of each wavelength is used in each column: only waves that can be seen as waves. */
function loosenessOf(axis: Axis, size: Size, ages: readonly number[]): readonly (readonly number[])[] {
  const count = ages.length - 2;
  return ages.map((_, k) => {
    const pixels = size.width / densityAt(axis, (k / count) * 1.02);
    const weights = WAVES.map((wave) => smoothstep(18, 60, wave * pixels) * (1 - smoothstep(500, 1600, wave * pixels)));
    const sum = weights.reduce((a, b) => a + b, 1e-6);
    return weights.map((weight) => weight / sum);
  });
}

/** The least and most threads a strand shows, whatever its share. */
const FEWEST = 6;

function spinThread(spin: Spinner, course: Course, j: number, manner: Manner): void {
  const seed = course.strand.id * 1009 + j;
  // An even filling: whatever the share, the threads that are there lie evenly over the width.
  const q = ((0.5 + j * 0.6180339887498949) % 1) * 2 - 1;
  const loose = scatter(seed, 1) < 0.26;
  const strength = 0.55 + 0.45 * scatter(seed, 2);
  spin.begin();
  course.points.forEach((point, k) => {
    const owed = point === null ? 0 : point.presence * smoothstep(j - 1, j + 1, Math.max(FEWEST, point.share * manner.whole));
    if (point === null || owed <= 0) return spin.cut();
    const sway = swayAt(seed, manner.now - point.age, manner.looseness[k] as readonly number[]);
    const y = point.y + offsetOf(point, q, sway, loose);
    // What may not be there at all is drawn as hardly there.
    const doubt = point.certain * 0.75 + 0.25;
    spin.point(point.age, y, owed * strength * doubt * (loose ? 0.5 : 1), point.light, yarnOf(q));
  });
}

/** Where in a strand's width a thread lies: most fill the core, loose ones stray as far as the share may reach. */
function offsetOf(point: Point, q: number, sway: number, loose: boolean): number {
  const rounded = q * (0.7 + 0.3 * Math.abs(q));
  if (!loose) return rounded * point.core + sway * Math.min(0.45 * point.core, 0.006) + sway * 0.12 * point.core;
  return rounded * point.core * 0.7 + Math.sign(q || 1) * 1.1 * Math.tanh(1.6 * Math.abs(sway)) * (point.reach - 0.3 * point.core);
}

function swayAt(seed: number, at: number, weights: readonly number[]): number {
  let sway = 0;
  WAVES.forEach((wave, i) => {
    const weight = weights[i] as number;
    if (weight > 0.01) sway += weight * wander(seed * 7 + i, at / wave + scatter(seed, i) * 7);
  });
  return sway * 1.5;
}

/** Threads that go over and under the weft together: an even or an odd yarn. */
function yarnOf(q: number): number {
  return Math.floor((q + 1) * 4.999);
}

/** The weft: one thread for each window, thrown across every strand that is there (for old times, one for several). */
export function weftOf(courses: readonly Course[], axis: Axis, now: number, size: Size, window: number): Lines {
  const spin = new Spinner();
  const ages = columnsOf(axis, size);
  for (const age of weftAges(axis, now, size, window)) {
    const k = ages.findIndex((column) => column >= age);
    for (const { points } of courses) {
      const [left, right] = [points[k - 1], points[k]];
      if (left == null || right == null) continue;
      throwWeft(spin, left, right, (age - left.age) / (right.age - left.age), age);
    }
  }
  return spin.lines();
}

/** Weft threads never lie closer than this, in CSS pixels. */
const WEFT_PX = 7;

function weftAges(axis: Axis, now: number, size: Size, window: number): readonly number[] {
  const ages: number[] = [];
  const newest = Math.floor(now / window);
  for (let number = newest; ages.length < 400; number -= 1) {
    const age = now - number * window;
    if (age > axis.span) break;
    const pixels = (window * size.width) / densityAt(axis, placeOf(axis, age));
    const every = 2 ** Math.max(0, Math.ceil(Math.log2(WEFT_PX / pixels)));
    if (number % every === 0) ages.push(age);
    else number -= (number % every) - 1;
  }
  return ages;
}

/** Points across a strand: here `slope` is the place across (-1 to 1), because a weft has no slope. */
function throwWeft(spin: Spinner, left: Point, right: Point, part: number, age: number): void {
  const mix = (a: number, b: number): number => a + (b - a) * part;
  const [y, core] = [mix(left.y, right.y), mix(left.core, right.core)];
  const presence = Math.min(left.presence, right.presence) * Math.min(left.certain, right.certain);
  spin.begin();
  for (let i = -6; i <= 6; i += 1) spin.point(age, y + (i / 6) * core * 1.06, presence, left.light, ((i / 6) + 1) * 5);
}

/** The bare warp: even, grey, faint, hardly wandering; `age` runs from 0 at the reed to 1 at the far edge. */
export function warpOf(size: Size): Lines {
  const spin = new Spinner();
  const count = Math.round(size.height / 5.5);
  for (let j = 0; j <= count; j += 1) {
    spin.begin();
    const strength = 0.18 + 0.82 * scatter(j, 5) ** 2.5;
    for (let k = 0; k <= 48; k += 1) {
      const x = (k / 48) * 1.01;
      const shimmer = 0.75 + 0.25 * wander(j * 17 + 3, x * 5);
      spin.point(x, (j + 0.3 * wander(j * 31, x * 3)) / count, strength * shimmer, [1, 1, 1], j % 2);
    }
  }
  return spin.lines();
}

/** The outlines of strands, for when the colour has drained: both edges of each core. */
export function outlinesOf(courses: readonly Course[]): Lines {
  const spin = new Spinner();
  for (const course of courses) {
    for (const side of [-1, 1]) {
      spin.begin();
      for (const point of course.points) {
        if (point === null) spin.cut();
        else spin.point(point.age, point.y + side * point.core * 1.1, point.presence, [1, 1, 1], 0);
      }
    }
  }
  return spin.lines();
}

/** Collects points into lines; a line of fewer than two points is dropped. */
export class Spinner {
  readonly #data: number[] = [];
  readonly #starts: number[] = [];
  #open = 0;

  /** Starts a new line. */
  begin(): void {
    this.cut();
  }

  /** Ends the line; the next point starts another. */
  cut(): void {
    const length = this.#data.length / STRIDE - this.#open;
    if (length === 1) this.#data.length -= STRIDE;
    if (length > 1) {
      this.#starts.push(this.#open);
      this.#open = this.#data.length / STRIDE;
    }
  }

  /** Adds a point: age, y, slope (filled in by `lines`), alpha, light, yarn. */
  point(age: number, y: number, alpha: number, light: Light, yarn: number): void {
    this.#data.push(age, y, 0, alpha, light[0], light[1], light[2], yarn);
  }

  /** Everything collected, with slopes. */
  lines(): Lines {
    this.cut();
    const data = Float32Array.from(this.#data);
    const starts = Uint32Array.from([...this.#starts, this.#open]);
    for (let i = 0; i + 1 < starts.length; i += 1) slope(data, starts[i] as number, starts[i + 1] as number);
    return { data, starts };
  }
}

/** Fills in dy/dage, by differences of neighbours: the painter needs it for a line's thickness. */
function slope(data: Float32Array, start: number, end: number): void {
  for (let i = start; i < end; i += 1) {
    const a = Math.max(start, i - 1) * STRIDE;
    const b = Math.min(end - 1, i + 1) * STRIDE;
    const run = (data[b] as number) - (data[a] as number);
    data[i * STRIDE + 2] = run === 0 ? 0 : ((data[b + 1] as number) - (data[a + 1] as number)) / run;
  }
}

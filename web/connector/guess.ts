/**
 * What somebody could guess who kept everything this device sent: pleasant or unpleasant, the best attacker's chance.
 *
 * The same figures as `pleasant_or_unpleasant` in `src/partsong/privacy/guess.py`, to the millionth, held together by
 * `tests/vectors/privacy/guess.json`. Never below the truth: enumerated where that takes a phone a moment, or done before
 * (`guess_table.ts`), and otherwise bounded from above by an attacker who knows more.
 */
import { TABLE } from "./guess_table.ts";
import { DAY_MS, HOUR_MS, type Promised } from "./ledger.ts";
import { formatRational, type Rational } from "../shared/rational.ts";
import { type Channel, row } from "./veil.ts";

export interface Figure {
  /** The chance of guessing right, 0 to 1, rounded up to a millionth; by luck it is 1/2. */
  readonly success: number;
  /** Whether it is the best attacker's own, or one from above. */
  readonly exact: boolean;
}

const CHEAP = 2_000_000;
const PARTS = 1_000_000;

/** After `reports` reports of a feeling that held still. */
export function pleasantOrUnpleasant(channel: Channel, reports: number): Figure {
  const known = TABLE[`${channel.side} ${formatRational(channel.epsilon)} ${reports}`];
  if (known !== undefined) return { success: known / PARTS, exact: true };
  if (choose(channel.outputs + reports - 1, reports) * channel.inputs <= CHEAP)
    return { success: roundedUp(enumerated(cellsOf(channel), reports)), exact: true };
  return { success: roundedUp(bound(channel, reports)), exact: false };
}

/** A chance in plain words, "so many times in 10", rounded against us. */
export function timesInTen(success: number): number {
  return Math.min(10, Math.ceil(10 * success));
}

/** The most draws that a promise lets out in any half-open span. */
export function drawsIn(promise: Promised, spanMs: number): number {
  const caps = [Math.ceil(spanMs / promise.unitMs)];
  if (promise.unitMs >= spanMs) caps.push(1);
  if (HOUR_MS >= spanMs) caps.push(quotient(promise.hour, promise.epsilon));
  if (DAY_MS >= spanMs) caps.push(quotient(promise.day, promise.epsilon));
  return Math.min(...caps);
}

/** The success of an attacker who knows that it is one of two cells in opposite corners. */
export function oppositePlaces(channel: Channel, reports: number): number {
  const other = new Set(channel.disks[channel.side ** 2 - 1]);
  const only = (channel.disks[0] as readonly number[]).filter((output) => !other.has(output)).length;
  const more = (only * channel.high) / channel.total;
  const less = (only * channel.low) / channel.total;
  let lead = [1];
  for (let report = 0; report < reports; report++) lead = convolved(lead, [less, 1 - more - less, more]);
  return lead.slice(reports + 1).reduce((sum, part) => sum + part, 0) + (lead[reports] as number) / 2;
}

/** One row of likelihoods for each cell; the first and the last `half` of them are the two groups. */
interface Rows {
  readonly rows: readonly (readonly number[])[];
  readonly half: number;
}

function cellsOf(channel: Channel): Rows {
  const rows = Array.from({ length: channel.side ** 2 }, (_, cell) => row(channel, cell).map((weight) => weight / channel.total));
  return { rows, half: Math.floor(channel.side / 2) * channel.side };
}

/** The channel of somebody whose arousal is known: outputs that say the same are one. */
function lineOf(channel: Channel): Rows {
  const rows = Array.from({ length: channel.side }, (_, valence) => row(channel, valence * channel.side));
  const classes = new Map<string, { column: number[]; times: number }>();
  for (let output = 0; output < channel.outputs; output++) {
    const column = rows.map((weights) => weights[output] as number);
    const common = column.reduce(divisor);
    const least = column.map((weight) => weight / common);
    const known = classes.get(least.join()) ?? { column: least, times: 0 };
    classes.set(least.join(), { column: least, times: known.times + common });
  }
  const columns = [...classes.values()].map(({ column, times }) => column.map((weight) => (weight * times) / channel.total));
  const line = Array.from({ length: channel.side }, (_, valence) => columns.map((column) => column[valence] as number));
  return { rows: line, half: Math.floor(channel.side / 2) };
}

function bound(channel: Channel, reports: number): number {
  const opposite = oppositePlaces(channel, reports);
  const line = lineOf(channel);
  const classes = (line.rows[0] as readonly number[]).length;
  if (choose(classes + reports - 1, reports) * channel.side > CHEAP) return opposite;
  return Math.min(opposite, enumerated(line, reports));
}

/** Sums the likelier half's part over all sets of outputs with repetition, each as often as it has orders. */
function enumerated({ rows, half }: Rows, reports: number): number {
  const outputs = (rows[0] as readonly number[]).length;
  const used = [...rows.slice(0, half), ...rows.slice(rows.length - half)];
  // One column for each output: the likelihood under each cell, side by side in memory.
  const columns = Array.from({ length: outputs }, (_, output) => Float64Array.from(used, (likelihood) => likelihood[output] as number));
  const products = Array.from({ length: reports + 1 }, () => new Float64Array(used.length).fill(1));
  const extend = (depth: number, least: number, run: number, orders: number): number => {
    if (depth === reports) return orders * larger(products[depth] as Float64Array, half);
    let sum = 0;
    for (let output = least; output < outputs; output++) {
      multiply(products[depth] as Float64Array, columns[output] as Float64Array, products[depth + 1] as Float64Array);
      const again = depth > 0 && output === least ? run + 1 : 1;
      sum += extend(depth + 1, output, again, (orders * (depth + 1)) / again);
    }
    return sum;
  };
  return extend(0, 0, 0, 1) / used.length;
}

function multiply(one: Float64Array, other: Float64Array, into: Float64Array): void {
  for (let cell = 0; cell < into.length; cell++) into[cell] = (one[cell] as number) * (other[cell] as number);
}

function larger(product: Float64Array, half: number): number {
  let low = 0;
  let high = 0;
  for (let cell = 0; cell < half; cell++) {
    low += product[cell] as number;
    high += product[half + cell] as number;
  }
  return Math.max(low, high);
}

function roundedUp(success: number): number {
  return Math.min(PARTS, Math.ceil(success * PARTS - 1e-3)) / PARTS;
}

function convolved(one: readonly number[], other: readonly number[]): number[] {
  const result = new Array<number>(one.length + other.length - 1).fill(0);
  one.forEach((left, i) => {
    other.forEach((right, j) => {
      result[i + j] = (result[i + j] as number) + left * right;
    });
  });
  return result;
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}

function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other);
}

function quotient(one: Rational, other: Rational): number {
  return Number((one.numerator * other.denominator) / (one.denominator * other.numerator));
}

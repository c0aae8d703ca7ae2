/**
 * The veil: one blurred answer from this device, drawn from a finite channel of integer weights.
 *
 * The channel is the one of `src/partsong/privacy/channel.py`, integer for integer, for every side and epsilon; the vectors
 * in `tests/vectors/privacy/channels.json` hold both to it, and `docs/reference/veil.md` says how it is built and why.
 *
 * Promises: every row has the sum `total` (below 2³², so plain numbers are exact), and the weights of an output under any
 * two inputs differ by at most the factor high / low, which is at most e^epsilon.
 *
 * Left to others: how often one may draw, and paying for it first (`ledger.ts`).
 */
import type { Below } from "./random.ts";
import { formatRational, type Rational } from "../shared/rational.ts";

export interface Channel {
  readonly side: number;
  readonly epsilon: Rational;
  /** side² + 1: the cells, and "no answer" as the last one. */
  readonly inputs: number;
  /** The positions of the widened grid, and "nothing" as the last one. */
  readonly outputs: number;
  readonly low: number;
  readonly high: number;
  /** The sum of every row. */
  readonly total: number;
  /** How many draws of `total` ignore the input. */
  readonly bland: number;
  readonly radiusSquared: number;
  /** (valence, arousal) index of each output but the last; may lie outside the grid. */
  readonly positions: readonly (readonly [number, number])[];
  /** For each input the outputs that share its likely part. */
  readonly disks: readonly (readonly number[])[];
}

/** No channel exists for this side and epsilon, or an input is not one of it. */
export class ChannelOutOfRange extends RangeError {
  override readonly name = "ChannelOutOfRange";
}

type Offset = readonly [number, number];

const LARGEST_EPSILON = 16n;
const SERIES_TERMS = 64n;
const LOW_BITS = 16;
const TOTAL_LIMIT = 2n ** 32n;

const made = new Map<string, Channel>();

/** The channel for a grid of side 2 to 16 and an epsilon above 0 and up to 16; the same object for the same arguments. */
export function diskChannel(side: number, epsilon: Rational): Channel {
  const key = `${side} ${formatRational(epsilon)}`;
  const channel = made.get(key) ?? make(side, epsilon);
  made.set(key, channel);
  return channel;
}

/**
 * One report: an output drawn with the weights `row(channel, answer)`.
 *
 * A draw of `total` falls in the bland part, which ignores the answer and gives any position (`low` each) or nothing, or
 * else chooses one slot of the answer's disk (`high - low` each).
 */
export function randomise(channel: Channel, answer: number, below: Below): number {
  const disk = diskOf(channel, answer);
  const draw = below(channel.total);
  if (draw < channel.bland) return Math.min(Math.floor(draw / channel.low), channel.outputs - 1);
  return disk[Math.floor((draw - channel.bland) / (channel.high - channel.low))] as number;
}

/** The weights of all outputs for one input. */
export function row(channel: Channel, answer: number): number[] {
  const disk = diskOf(channel, answer);
  const weights = new Array<number>(channel.outputs).fill(channel.low);
  weights[channel.outputs - 1] = disk.length * channel.low;
  for (const output of disk) weights[output] = (weights[output] as number) + channel.high - channel.low;
  return weights;
}

/**
 * A rational below e^epsilon as numerator and denominator: the exponential series up to its 64th power. With epsilon =
 * p / q it is the sum of pⁿ q⁶⁴⁻ⁿ 64! / n! over q⁶⁴ 64!.
 */
export function exponentialFromBelow({ numerator: p, denominator: q }: Rational): Rational {
  let term = 1n;
  for (let n = 1n; n <= SERIES_TERMS; n++) term *= q * n;
  const denominator = term;
  let total = term;
  for (let n = 1n; n <= SERIES_TERMS; n++) {
    term = (term * p) / (q * n);
    total += term;
  }
  return { numerator: total, denominator };
}

function make(side: number, epsilon: Rational): Channel {
  check(side, epsilon);
  const radiusSquared = diskRadiusSquared(side, epsilon);
  const offsets = diskOffsets(radiusSquared);
  const positions = widened(side, offsets);
  const [low, high] = weights(epsilon, offsets.length, positions.length);
  return {
    side,
    epsilon,
    inputs: side * side + 1,
    outputs: positions.length + 1,
    low,
    high,
    total: offsets.length * high + positions.length * low,
    bland: (offsets.length + positions.length) * low,
    radiusSquared,
    positions,
    disks: disksOf(side, offsets, positions),
  };
}

function check(side: number, { numerator, denominator }: Rational): void {
  if (!Number.isInteger(side) || side < 2 || side > 16) throw new ChannelOutOfRange("A channel has a side of 2 to 16.");
  if (numerator <= 0n || denominator <= 0n || numerator > LARGEST_EPSILON * denominator)
    throw new ChannelOutOfRange("A channel has an epsilon above 0 and up to 16.");
}

/** floor(side² / (4 + epsilon²)). */
function diskRadiusSquared(side: number, { numerator: p, denominator: q }: Rational): number {
  return Number((BigInt(side * side) * q * q) / (4n * q * q + p * p));
}

function diskOffsets(radiusSquared: number): Offset[] {
  const reach = Math.floor(Math.sqrt(radiusSquared));
  const offsets: Offset[] = [];
  for (let v = -reach; v <= reach; v++)
    for (let a = -reach; a <= reach; a++) if (v * v + a * a <= radiusSquared) offsets.push([v, a]);
  return offsets;
}

/** All positions that lie in the disk of some cell, ascending. */
function widened(side: number, offsets: readonly Offset[]): Offset[] {
  const places = new Map<number, Offset>();
  for (const [v, a] of cells(side))
    for (const [dv, da] of offsets) places.set(place(v + dv, a + da), [v + dv, a + da]);
  return [...places].sort(([one], [other]) => one - other).map(([, position]) => position);
}

function disksOf(side: number, offsets: readonly Offset[], positions: readonly Offset[]): number[][] {
  const index = new Map(positions.map(([v, a], output) => [place(v, a), output]));
  const disks = cells(side).map(([v, a]) => offsets.map(([dv, da]) => index.get(place(v + dv, a + da)) as number));
  return [...disks, offsets.map(() => positions.length)];
}

function cells(side: number): Offset[] {
  return Array.from({ length: side * side }, (_, cell) => [Math.floor(cell / side), cell % side] as const);
}

/** One number that orders positions by valence, then arousal; indices lie in -64 to 63. */
function place(v: number, a: number): number {
  return (v + 64) * 128 + a + 64;
}

/** `low`, the largest power of two up to 2¹⁶ that keeps the total in 32 bits, and `high` = floor(low · e^epsilon). */
function weights(epsilon: Rational, disk: number, positions: number): [number, number] {
  const bound = exponentialFromBelow(epsilon);
  for (let bits = LOW_BITS; bits >= 0; bits--) {
    const low = 2n ** BigInt(bits);
    const high = (low * bound.numerator) / bound.denominator;
    if (BigInt(disk) * high + BigInt(positions) * low >= TOTAL_LIMIT) continue;
    if (high === low) break;
    return [Number(low), Number(high)];
  }
  throw new ChannelOutOfRange("This epsilon is too small to say anything.");
}

function diskOf(channel: Channel, answer: number): readonly number[] {
  const disk = Number.isInteger(answer) ? channel.disks[answer] : undefined;
  if (disk === undefined) throw new ChannelOutOfRange("This is not an input of the channel.");
  return disk;
}

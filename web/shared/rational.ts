/**
 * Exact rationals for privacy figures: never a float from the setting to the sampler.
 *
 * The spelling is that of `docs/reference/formats.md`: `"2"` or `"3/2"`, never negative, in lowest terms.
 */

export interface Rational {
  readonly numerator: bigint;
  /** Above 0. */
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

const SPELLING = /^(0|[1-9][0-9]{0,17})(?:\/([1-9][0-9]{0,17}))?$/;

/** Reads the one spelling of a rational; throws `RangeError` for any other. */
export function parseRational(text: string): Rational {
  const match = SPELLING.exec(text);
  if (match === null) throw new RangeError("This is not a rational.");
  const value = { numerator: BigInt(match[1] as string), denominator: BigInt(match[2] ?? "1") };
  if (formatRational(value) !== text) throw new RangeError("This rational is not in lowest terms.");
  return value;
}

/** Spells a rational the one way. */
export function formatRational(value: Rational): string {
  const { numerator, denominator } = lowest(value);
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/** Its value, for showing only. */
export function toNumber({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

export function whole(value: number): Rational {
  return { numerator: BigInt(value), denominator: 1n };
}

export function plus(one: Rational, other: Rational): Rational {
  return lowest({
    numerator: one.numerator * other.denominator + other.numerator * one.denominator,
    denominator: one.denominator * other.denominator,
  });
}

export function minus(one: Rational, other: Rational): Rational {
  return plus(one, { numerator: -other.numerator, denominator: other.denominator });
}

/** Negative, zero or positive as `one` is less than, equal to or more than `other`. */
export function compare(one: Rational, other: Rational): number {
  const difference = one.numerator * other.denominator - other.numerator * one.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function lowest({ numerator, denominator }: Rational): Rational {
  const common = divisor(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / common, denominator: denominator / common };
}

function divisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : divisor(other, one % other);
}

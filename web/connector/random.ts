/**
 * The browser's own randomness, and exact uniform integers from it.
 *
 * Promises: only `crypto.getRandomValues`, which every page has, secure context or not. No value is favoured: a number
 * that is too large is thrown away and drawn again.
 */

/** `below(n)` is a uniform integer from 0 to n - 1, for n from 1 to 2³². */
export type Below = (n: number) => number;

export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Exact uniform integers from a source of random bytes; takes just enough bits. */
export function belowFrom(source: (count: number) => Uint8Array): Below {
  return (n) => {
    const bits = n > 1 ? 32 - Math.clz32(n - 1) : 0;
    const count = (bits + 7) >> 3;
    for (;;) {
      let drawn = 0;
      for (const byte of source(count)) drawn = drawn * 256 + byte;
      drawn = Math.floor(drawn / 2 ** (8 * count - bits));
      if (drawn < n) return drawn;
    }
  };
}

export const below: Below = belowFrom(randomBytes);

/** A number in [0, 1) with 32 random bits, for pauses and speaking times; never for a veil. */
export function randomPart(): number {
  return below(2 ** 32) / 2 ** 32;
}

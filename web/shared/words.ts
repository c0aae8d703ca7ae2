/**
 * The words that stand on the plane. Strands of the cloth are named with these and no others.
 *
 * Places follow the circumplex of core affect (J. A. Russell, "A circumplex model of affect", 1980), turned as on every
 * screen here: pleasant up, stirred right. They are spread a little so that no two touch on a narrow phone. A word is an
 * offer, not a diagnosis.
 */

export type WordKey =
  | "excited" | "glad" | "content" | "atEase" | "calm" | "alert" | "tense" | "upset" | "sad" | "gloomy" | "tired";

export interface PlacedWord {
  readonly key: WordKey;
  /** -1 unpleasant (down) .. 1 pleasant (up). */
  readonly valence: number;
  /** -1 quiet (left) .. 1 stirred (right). */
  readonly arousal: number;
}

export const WORDS: readonly PlacedWord[] = [
  { key: "excited", valence: 0.66, arousal: 0.62 },
  { key: "glad", valence: 0.8, arousal: 0.12 },
  { key: "content", valence: 0.62, arousal: -0.42 },
  { key: "atEase", valence: 0.28, arousal: -0.66 },
  { key: "alert", valence: 0.22, arousal: 0.72 },
  { key: "calm", valence: -0.08, arousal: -0.74 },
  { key: "tense", valence: -0.24, arousal: 0.74 },
  { key: "upset", valence: -0.62, arousal: 0.58 },
  { key: "sad", valence: -0.78, arousal: 0.02 },
  { key: "gloomy", valence: -0.6, arousal: -0.46 },
  { key: "tired", valence: -0.4, arousal: -0.72 },
];

/** A group wider than this in both directions (sd, in thousandths) is not "near" any word: it is all over the plane. */
const WIDE = 400;

/** Whether a group's spread reaches over so much of the plane that no one place speaks for it. */
export function isWide(spread: readonly [number, number]): boolean {
  return spread[0] > WIDE && spread[1] > WIDE;
}

/** The words around a point, nearest first. */
export function nearest(valence: number, arousal: number): readonly PlacedWord[] {
  const far = (word: PlacedWord): number => Math.hypot(word.valence - valence, word.arousal - arousal);
  return [...WORDS].sort((one, other) => far(one) - far(other));
}

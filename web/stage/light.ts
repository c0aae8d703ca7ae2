/**
 * The colour of a feeling as light, for adding up: what `shared/colour.ts` says, in linear sRGB.
 *
 * The same formula stands in `shaders.ts` for the field, because it is needed there for each point of the screen.
 */
import { colourAt, rgb } from "../shared/colour.ts";

/** Linear sRGB, each part in [0, 1]. */
export type Light = readonly [number, number, number];

/** The light of a point of the plane. */
export function lightOf(valence: number, arousal: number): Light {
  const within = (x: number): number => Math.min(1, Math.max(-1, x));
  const [r, g, b] = rgb(colourAt(within(valence), within(arousal)));
  return [toLinear(r), toLinear(g), toLinear(b)];
}

/** From a display value in [0, 1] to linear light (IEC 61966-2-1). */
export function toLinear(x: number): number {
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
}

/** A linear part as a display value in [0, 255]. */
export function toDisplay(x: number): number {
  return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
}

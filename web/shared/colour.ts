/**
 * The colour of a place on the plane: the only colour on a page, and only where people are.
 *
 * OKLCH: hue 255 where it is unpleasant and 65 where it is pleasant, chroma 0.16 |valence|, lightness by arousal, .50
 * (quiet) to .84 (stirred). On a light ground stirred is deep instead of bright. There is no red for "bad".
 *
 * Conversion to sRGB after B. Ottosson, "A perceptual color space for image processing" (2020).
 */

export type Ground = "dark" | "light";

export interface Oklch {
  /** Lightness, 0..1. */
  readonly l: number;
  /** Chroma. */
  readonly c: number;
  /** Hue in degrees. */
  readonly h: number;
}

/** Gamma-encoded sRGB, each 0..1. */
export type Rgb = readonly [red: number, green: number, blue: number];

export const UNPLEASANT_HUE = 255;
export const PLEASANT_HUE = 65;

const CHROMA = 0.16;
const LIGHTNESS: Readonly<Record<Ground, readonly [quiet: number, stirred: number]>> = {
  dark: [0.5, 0.84],
  light: [0.7, 0.45],
};

/** The colour of a point; valence and arousal in [-1, 1]. */
export function colourAt(valence: number, arousal: number, ground: Ground = "dark"): Oklch {
  const [quiet, stirred] = LIGHTNESS[ground];
  return {
    l: quiet + ((stirred - quiet) * (arousal + 1)) / 2,
    c: CHROMA * Math.abs(valence),
    h: valence < 0 ? UNPLEASANT_HUE : PLEASANT_HUE,
  };
}

/** As CSS writes it; alpha 0..1. */
export function css({ l, c, h }: Oklch, alpha = 1): string {
  return `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${h}${alpha < 1 ? ` / ${alpha.toFixed(4)}` : ""})`;
}

/** As gamma-encoded sRGB, clipped to the gamut; for canvases and shaders. */
export function rgb({ l, c, h }: Oklch): Rgb {
  const angle = (h * Math.PI) / 180;
  const [a, b] = [c * Math.cos(angle), c * Math.sin(angle)];
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    encode(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    encode(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

/** The sRGB transfer function (IEC 61966-2-1), clipped. */
function encode(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/**
 * The join address as a QR code (ISO/IEC 18004), drawn as one path: dark on a light ground, with its quiet zone, because
 * many readers fail on an inverted code.
 */
import { correction, generate } from "lean-qr";

export interface Code {
  /** Modules on a side, with the quiet zone. */
  readonly side: number;
  /** The dark modules as an SVG path, one unit a module. */
  readonly path: string;
}

const QUIET_ZONE = 3;

/** The code of an address; errors in a quarter of it can be read over where there is room, in a seventh at least. */
export function codeOf(address: string): Code {
  const bitmap = generate(address, { minCorrectionLevel: correction.M, maxCorrectionLevel: correction.Q });
  const runs: string[] = [];
  for (let y = 0; y < bitmap.size; y += 1) {
    for (let x = 0; x < bitmap.size; x += 1) {
      if (!bitmap.get(x, y)) continue;
      let length = 1;
      while (bitmap.get(x + length, y)) length += 1;
      runs.push(`M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${length}v1h-${length}z`);
      x += length;
    }
  }
  return { side: bitmap.size + 2 * QUIET_ZONE, path: runs.join("") };
}

/** An address as people read it: without the scheme, and without a slash at its end. */
export function spelled(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

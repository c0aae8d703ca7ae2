/**
 * The painter without WebGL2: the same lines on a plain canvas. It shows every picture, but still: no slides, no weave.
 */
import { placeOf } from "./axis.ts";
import { POINTS, REACH } from "./field.ts";
import { placeInField } from "./layout.ts";
import { lightOf, toDisplay, type Light } from "./light.ts";
import type { Moment, Painter, Picture } from "./picture.ts";
import { STRIDE, type Lines } from "./weave.ts";

/** A painter on this canvas, or null when it has no context at all. */
export function flatPainter(canvas: HTMLCanvasElement): Painter | null {
  const pen = canvas.getContext("2d");
  return pen === null ? null : new Flat(pen, canvas);
}

class Flat implements Painter {
  readonly #pen: CanvasRenderingContext2D;
  readonly #canvas: HTMLCanvasElement;
  #picture: Picture | null = null;

  constructor(pen: CanvasRenderingContext2D, canvas: HTMLCanvasElement) {
    this.#pen = pen;
    this.#canvas = canvas;
  }

  load(picture: Picture): void {
    this.#picture = picture;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    this.#canvas.width = Math.round(picture.layout.width * scale);
    this.#canvas.height = Math.round(picture.layout.height * scale);
    this.#pen.scale(scale, scale);
  }

  hold(): void {
    // A plain canvas has one picture only: it changes at once.
  }

  paint(moment: Moment): void {
    const picture = this.#picture;
    if (picture === null) return;
    const pen = this.#pen;
    const { layout } = picture;
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = moment.daylight ? "#f3f3f2" : "#0b0b10";
    pen.fillRect(0, 0, layout.width, layout.height);
    pen.globalCompositeOperation = moment.daylight ? "multiply" : "lighter";
    pen.lineWidth = 1;
    this.#field(picture, moment);
    const cloth = layout.reed - layout.left;
    const far = (age: number): number => layout.reed - placeOf(picture.axis, age) * cloth;
    this.#lines(picture.warp, (x) => layout.reed - x * cloth, 0.09 * moment.warp, 0, picture);
    this.#lines(picture.threads, far, 0.3 * (1 - 0.9 * moment.drain), moment.drain, picture);
    this.#lines(picture.outlines, far, 0.5 * moment.drain, 1, picture);
    this.#lines(picture.roving, (x) => layout.reed + x * (layout.right - layout.reed), 0.2 * (1 - moment.drain), 0, picture);
  }

  #lines({ data, starts }: Lines, xOf: (age: number) => number, gain: number, drain: number, { layout }: Picture): void {
    if (gain <= 0) return;
    const pen = this.#pen;
    for (let i = 0; i + 1 < starts.length; i += 1) {
      const [start, end] = [(starts[i] ?? 0) * STRIDE, ((starts[i + 1] ?? 0) - 1) * STRIDE];
      // One colour for every 24 points: a plain canvas has no colour along a line.
      for (let from = start; from < end; from += 24 * STRIDE) {
        const to = Math.min(end, from + 24 * STRIDE);
        pen.beginPath();
        for (let at = from; at <= to; at += STRIDE) {
          pen.lineTo(xOf(data[at] ?? 0), layout.top + (data[at + 1] ?? 0) * (layout.bottom - layout.top));
        }
        pen.strokeStyle = inkOf([data[from + 4] ?? 0, data[from + 5] ?? 0, data[from + 6] ?? 0], drain);
        pen.globalAlpha = Math.min(1, gain * (data[from + 3] ?? 0));
        pen.stroke();
      }
    }
    pen.globalAlpha = 1;
  }

  #field(picture: Picture, moment: Moment): void {
    const { layout, density } = picture;
    const glow = document.createElement("canvas");
    [glow.width, glow.height] = [POINTS, POINTS];
    const dots = glow.getContext("2d");
    if (dots === null) return;
    const image = dots.createImageData(POINTS, POINTS);
    const step = (2 * REACH) / POINTS;
    for (let i = 0; i < POINTS * POINTS; i += 1) {
      const [row, column] = [POINTS - 1 - Math.floor(i / POINTS), i % POINTS];
      const d = density[row * POINTS + column] ?? 0;
      const light = lightOf((row + 0.5) * step - REACH, (column + 0.5) * step - REACH);
      image.data.set([...displayOf(light, moment.drain), 255 * 0.55 * (d / (d + 2.2)) * (1 - 0.8 * moment.drain)], 4 * i);
    }
    dots.putImageData(image, 0, 0);
    // Drawn larger than it is: the canvas smooths it on the way.
    const [first, last] = [placeInField(layout, REACH, -REACH), placeInField(layout, -REACH, REACH)];
    this.#pen.drawImage(glow, first.x, first.y, last.x - first.x, last.y - first.y);
  }
}

function inkOf(light: Light, drain: number): string {
  return `rgb(${displayOf(light, drain).join(" ")})`;
}

function displayOf(light: Light, drain: number): readonly number[] {
  const grey = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return light.map((part) => toDisplay(part + (grey - part) * drain));
}

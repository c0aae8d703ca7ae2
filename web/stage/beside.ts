/**
 * The words beside the strands, with their places: measures the text and asks `labels.ts` where it may stand.
 */
import type { Frame, Mode } from "../shared/frame.ts";
import { colourAt, css } from "../shared/colour.ts";
import { placeOf } from "./axis.ts";
import { placeLabels, type Band, type Wanted } from "./labels.ts";
import type { Picture } from "./picture.ts";
import { LABEL_GAP, type StrandLabel } from "./view.tsx";
import type { Course } from "./weave.ts";
import { nameOf, shareOf, type StageSay } from "./words.ts";

/** The labels of a frame's strands; those without a place have `top` null. */
export function labelsOf(picture: Picture, frame: Frame | null, box: HTMLElement, say: StageSay): readonly StrandLabel[] {
  const { layout } = picture;
  const modes = frame?.state === "open" ? frame.modes : [];
  const texts = modes.map((mode) => ({ mode, name: nameOf(mode, say), share: shareOf(mode, say) }));
  const widths = measure(box, texts);
  const wanted = texts.flatMap(({ mode }, i) => wantedOf(picture, mode, widths[i] ?? 0));
  const others = picture.courses.filter(({ strand }) => !modes.some(({ id }) => id === strand.id));
  const most = Math.max(0, ...widths);
  const passing = others.flatMap((course) => bandOf(picture, course, most) ?? []);
  const placed = placeLabels(wanted, layout.top - layout.line * 0.3, layout.bottom + layout.line * 0.3, layout.line * 3, passing);
  return texts.map(({ mode, name, share }) => ({
    id: mode.id,
    name,
    share,
    colour: css(colourAt(mode.valence / 1000, mode.arousal / 1000)),
    top: placed.find(({ id }) => id === mode.id)?.top ?? null,
  }));
}

function wantedOf(picture: Picture, mode: Mode, width: number): Wanted[] {
  const course = picture.courses.findLast(({ strand }) => strand.id === mode.id);
  const band = course === undefined ? null : bandOf(picture, course, width);
  const reed = course?.points[0];
  if (band === null || reed == null) return [];
  const { top, bottom, line } = picture.layout;
  return [{ id: mode.id, height: 2 * line, y: top + reed.y * (bottom - top), band, share: mode.share }];
}

/** How high and how low a strand reaches beside the reed, over the width of a label. */
function bandOf({ axis, layout }: Picture, { points }: Course, width: number): Band | null {
  const edge = (LABEL_GAP + width + 4) / (layout.reed - layout.left);
  const near = points.filter((point) => point !== null && placeOf(axis, point.age) <= edge);
  if (near.length === 0) return null;
  const tall = layout.bottom - layout.top;
  const spans = near.map((point) => {
    const { y, core, reach } = point as { y: number; core: number; reach: number };
    const out = 0.35 * core + reach + 0.006;
    return { top: layout.top + (y - out) * tall, bottom: layout.top + (y + out) * tall };
  });
  return { top: Math.min(...spans.map((span) => span.top)), bottom: Math.max(...spans.map((span) => span.bottom)) };
}

function measure(box: HTMLElement, texts: readonly { name: string; share: string }[]): readonly number[] {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return texts.map(({ name }) => name.length * 9);
  const { fontSize, fontFamily } = getComputedStyle(box);
  pen.font = `500 ${fontSize} ${fontFamily}`;
  return texts.map(({ name, share }) => Math.max(pen.measureText(name).width, pen.measureText(share).width));
}

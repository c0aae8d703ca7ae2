/**
 * The plane: a finger, a pointer or arrow keys say where one is; words near it come forward; the room lies beneath.
 *
 * Everything here stays on this device. Pleasant is up and stirred is right in every language, so places are physical
 * (left, top), not logical. No animation callback is ever asked for: pointer events draw, and fades are the style sheet's.
 */
import { batch, effect, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { colourAt, css, type Ground } from "../shared/colour.ts";
import type { Point } from "../shared/grid.ts";
import { nearest, type PlacedWord, WORDS } from "../shared/words.ts";
import type { Device } from "./device.ts";
import { drawRoom } from "./room.ts";
import { say } from "./say.ts";
import { Ring } from "./ring.tsx";
import { ground } from "./ground.ts";

const STEP = 5;
const TRAIL = 28;
/** A word is forward within this distance of the point. */
const REACH = 0.62;
/** Words make way for the point up to this distance. */
const ROOM = 0.2;

export function Plane({ device, onSettled }: { readonly device: Device; readonly onSettled: () => void }): JSX.Element {
  const field = useRef<HTMLDivElement>(null);
  const trail = useSignal<readonly Point[]>([]);
  const held = useSignal(false);

  const follow = (event: PointerEvent): void => {
    const point = pointUnder(event, field.current as HTMLDivElement);
    batch(() => {
      trail.value = [...trail.value.slice(1 - TRAIL), point];
      device.feel(point);
    });
  };
  const press = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    held.value = true;
    trail.value = [];
    follow(event);
  };
  const release = (): void => {
    if (!held.value) return;
    held.value = false;
    onSettled();
  };
  return (
    <section class="plane" onPointerDown={press} onPointerMove={(event) => held.value && follow(event)} onPointerUp={release} onPointerCancel={release}>
      <Axes />
      <div class="field" ref={field}>
        <Room device={device} />
        <Trail points={trail.value} held={held.value} />
        <Words point={device.point.value} />
        <Self device={device} />
        <Keys device={device} onSettled={onSettled} />
      </div>
      <RoomNote device={device} />
    </section>
  );
}

function pointUnder(event: PointerEvent, field: HTMLElement): Point {
  const box = field.getBoundingClientRect();
  return {
    valence: clamp(1 - (2 * (event.clientY - box.top)) / box.height),
    arousal: clamp((2 * (event.clientX - box.left)) / box.width - 1),
  };
}

function clamp(coordinate: number): number {
  return Math.min(1, Math.max(-1, coordinate));
}

/** Where a point lies in the field, as the style sheet says it. */
function at({ valence, arousal }: Point): { readonly left: string; readonly top: string } {
  return { left: `${(arousal + 1) * 50}%`, top: `${(1 - valence) * 50}%` };
}

function Axes(): JSX.Element {
  return (
    <div class="axes" aria-hidden="true">
      <span class="axis up">{say("pleasant")}</span>
      <span class="axis down">{say("unpleasant")}</span>
      <span class="axis left">{say("quiet")}</span>
      <span class="axis right">{say("stirred")}</span>
    </div>
  );
}

function Words({ point }: { readonly point: Point | null }): JSX.Element {
  return <div class="words" aria-hidden="true">{WORDS.map((word) => <Word key={word.key} word={word} point={point} />)}</div>;
}

function Word({ word, point }: { readonly word: PlacedWord; readonly point: Point | null }): JSX.Element {
  const far = point === null ? Number.POSITIVE_INFINITY : Math.hypot(word.valence - point.valence, word.arousal - point.arousal);
  const near = Math.max(0, 1 - far / REACH);
  const style = { ...at(makeWay(word, point, far)), "--near": near.toFixed(3) };
  return <span class={near > 0 ? "word near" : "word"} style={style}>{say(word.key)}</span>;
}

/** A word steps aside, up or down, so that the finger's point never lies on it. */
function makeWay(word: PlacedWord, point: Point | null, far: number): Point {
  if (point === null || far >= ROOM) return word;
  const upwards = word.valence >= point.valence ? 1 : -1;
  return { valence: clamp(point.valence + upwards * ROOM), arousal: word.arousal };
}

function Trail({ points, held }: { readonly points: readonly Point[]; readonly held: boolean }): JSX.Element {
  const line = points.map(({ valence, arousal }) => `${arousal.toFixed(4)},${(-valence).toFixed(4)}`).join(" ");
  return (
    <svg class={held ? "trail" : "trail gone"} viewBox="-1 -1 2 2" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={line} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

function Self({ device }: { readonly device: Device }): JSX.Element | null {
  const point = device.point.value;
  if (point === null) return null;
  const colour = css(colourAt(point.valence, point.arousal, ground.value));
  return (
    <div class="self" style={{ ...at(point), "--colour": colour }} aria-hidden="true">
      <span class="glow" />
      <Ring device={device} />
      <span class="dot" />
    </div>
  );
}

/** Two sliders for keyboards and screen readers; arrow keys go where the arrows point, and the slider follows. */
function Keys({ device, onSettled }: { readonly device: Device; readonly onSettled: () => void }): JSX.Element {
  const up = useRef<HTMLInputElement>(null);
  const right = useRef<HTMLInputElement>(null);
  const { valence, arousal } = device.point.value ?? { valence: 0, arousal: 0 };
  const words = nearest(valence, arousal).slice(0, 1).map((word) => say(word.key)).join("");
  const text = (value: number): string =>
    device.point.value === null ? say("unplaced") : say("placed", { number: Math.round(value * 100), word: words });

  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    device.feel({ valence: clamp(valence + step.valence), arousal: clamp(arousal + step.arousal) });
    if (step.valence !== 0) up.current?.focus();
    if (step.arousal !== 0) right.current?.focus();
    onSettled();
  };
  const slide = (next: Point): void => {
    device.feel(next);
    onSettled();
  };
  return (
    <div class="keys" role="group" aria-label={say("plane")} onKeyDown={move}>
      <Slider label={say("valence")} text={text(valence)} value={valence} hold={up} onSlide={(value) => slide({ valence: value, arousal })} />
      <Slider label={say("arousal")} text={text(arousal)} value={arousal} hold={right} onSlide={(value) => slide({ valence, arousal: value })} />
    </div>
  );
}

const STEPS: Readonly<Record<string, Point>> = {
  ArrowUp: { valence: STEP / 100, arousal: 0 },
  ArrowDown: { valence: -STEP / 100, arousal: 0 },
  ArrowRight: { valence: 0, arousal: STEP / 100 },
  ArrowLeft: { valence: 0, arousal: -STEP / 100 },
  Enter: { valence: 0, arousal: 0 },
  " ": { valence: 0, arousal: 0 },
};

interface SliderProps {
  readonly label: string;
  readonly text: string;
  readonly value: number;
  readonly hold: { current: HTMLInputElement | null };
  readonly onSlide: (value: number) => void;
}

function Slider({ label, text, value, hold, onSlide }: SliderProps): JSX.Element {
  return (
    <input
      ref={hold} type="range" class="spoken" min={-100} max={100} step={STEP} value={Math.round(value * 100)}
      aria-label={label} aria-valuetext={text} onInput={(event) => onSlide(Number(event.currentTarget.value) / 100)}
    />
  );
}

/** Two canvases that take turns, so that one frame fades into the next. */
function Room({ device }: { readonly device: Device }): JSX.Element {
  const front = useRef<HTMLCanvasElement>(null);
  const back = useRef<HTMLCanvasElement>(null);
  const size = useSignal(0);
  const turn = useRef(false);
  const shown = useComputed(() => device.point.value !== null && device.letting.value !== "none");

  useEffect(() => {
    const observer = new ResizeObserver(() => {
      size.value += 1;
    });
    observer.observe(front.current as Element);
    return () => observer.disconnect();
  }, []);
  // Not `useSignalEffect`, which waits for an animation callback.
  useEffect(() => effect(() => {
    const { frame } = device;
    if (frame.value === null || !shown.value || size.value < 0) return;
    turn.current = !turn.current;
    const [next, last] = turn.current ? [front.current, back.current] : [back.current, front.current];
    if (next === null || last === null) return;
    paint(next, frame.value, ground.value);
    next.classList.add("now");
    last.classList.remove("now");
  }), []);

  const point = device.point.value ?? { valence: 0, arousal: 0 };
  const glimpse = device.letting.value === "glimpse";
  const style = { "--x": ((point.arousal + 1) / 2).toFixed(4), "--y": ((1 - point.valence) / 2).toFixed(4) };
  const state = `room${shown.value ? " shown" : ""}${glimpse ? " glimpse" : ""}${device.watching.value ? "" : " drained"}`;
  return (
    <div class={state} style={style} aria-hidden="true">
      <canvas ref={front} />
      <canvas ref={back} />
    </div>
  );
}

/** The style sheet's inset of the field in the plane, in rem: the room's light reaches a little beyond the field. */
const INSET = 1.5;

function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function paint(canvas: HTMLCanvasElement, frame: Parameters<typeof drawRoom>[1], on: Ground): void {
  const scale = Math.min(2, window.devicePixelRatio);
  const box = canvas.getBoundingClientRect();
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  drawRoom(canvas, frame, { scale, inset: INSET * rem() * scale }, on);
}

/** One line at the foot of the plane while there is no room to see. */
function RoomNote({ device }: { readonly device: Device }): JSX.Element | null {
  const note = noteOf(device);
  return note === null ? null : <p class="room-note"><span>{note}</span></p>;
}

function noteOf(device: Device): string | null {
  if (device.point.value === null || device.letting.value === "none" || device.hub.value !== "ready") return null;
  const frame = device.frame.value;
  if (!device.watching.value) return frame === null ? say("lostNever") : say("lost", { time: say.time(frame.at * 1000) });
  if (frame === null || frame.state === "open") return null;
  return say(frame.state);
}

/**
 * Puts the stage together: the address's wishes, the hub, the state machine, the painter and the words.
 *
 * The page's address may say `?wall` (large, no small text), `?light` (a daylight room) and `?at=<Unix seconds>` (the
 * kept picture of that moment, standing still); `#hub=https://...` names another hub than the one that serves the page.
 * Nothing is drawn while nothing moves: one animation loop runs from a change to its end and stops.
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import { hubAddress } from "../shared/api.ts";
import { stage as english } from "../shared/strings/en.ts";
import { speaker } from "../shared/strings.ts";
import { flatPainter } from "./flat.ts";
import { glowPainter } from "./glow.ts";
import { labelsOf } from "./beside.ts";
import { layoutFor, type Layout } from "./layout.ts";
import { follow, readOnce } from "./live.ts";
import { breathAt, isMoving, resting, towards, valueAt, type Way } from "./motion.ts";
import { pictureOf, type Painter, type Picture } from "./picture.ts";
import {
  begin, drainAt, DRAIN_MS, feed, FIRST_MS, invites, lostAt, sceneAt, wakeAt, type SceneName, type Stage, type StageEvent,
} from "./state.ts";
import { Footing, Heading, Overlay, type Shown } from "./view.tsx";

const SLIDE_MS = 2600;
const FADE_MS = 1600;
const STILL_FADE_MS = 3000;

/** How bright the bare warp is in each scene. */
const WARP: Readonly<Record<SceneName, number>> = { first: 1, nobody: 1, below: 1, open: 0.16, lost: 0.4 };

const wishes = new URLSearchParams(location.search);
const frozen = wishes.has("at") ? Number(wishes.get("at")) * 1000 : null;
const daylight = wishes.has("light");
const clock = (): number => frozen ?? Date.now();
const still = matchMedia("(prefers-reduced-motion: reduce)");
const locale = "en-GB";
const say = speaker(locale, english);

let stage: Stage = begin(frozen === null ? clock() : frozen - FIRST_MS);
let layout: Layout | null = null;
let picture: Picture | null = null;
let waking: ReturnType<typeof setTimeout> | undefined;
let looping = false;
let slideSeconds = 0;
const ways: Record<"slide" | "turn" | "fade" | "warp", Way> = {
  slide: resting(1), turn: resting(1), fade: resting(1), warp: resting(0),
};

const shown = signal<Shown>({
  scene: "first", invites: false, frame: null, asking: null, since: null, now: clock() / 1000, labels: [], layout: null, average: false, locale,
});

const page = document.getElementById("page") as HTMLElement;
page.className = "stage";
page.classList.toggle("wall", wishes.has("wall"));
page.classList.toggle("daylight", daylight);
page.classList.toggle("kept", frozen !== null);
const box = document.createElement("section");
const { painter: first, canvas } = mount();
let painter = first;

/** The page's three parts; the words are rendered into them, the canvas lies beneath the middle one. */
function mount(): { painter: Painter | null; canvas: HTMLCanvasElement } {
  const [heading, words, footing] = ["header", "div", "footer"].map((name) => document.createElement(name)) as [HTMLElement, HTMLElement, HTMLElement];
  heading.className = "heading";
  footing.className = "footing";
  box.className = "picture";
  box.setAttribute("aria-label", say("picture"));
  const made = makePainter();
  box.append(made.canvas, words);
  page.append(heading, box, footing);
  const Head = (): ReturnType<typeof Heading> => <Heading shown={shown.value} say={say} />;
  const Over = (): ReturnType<typeof Overlay> => <Overlay shown={shown.value} say={say} />;
  const Foot = (): ReturnType<typeof Footing> => <Footing shown={shown.value} say={say} onAverage={toggleAverage} />;
  render(<Head />, heading);
  render(<Over />, words);
  render(<Foot />, footing);
  return made;
}

function makePainter(): { painter: Painter | null; canvas: HTMLCanvasElement } {
  const glowing = document.createElement("canvas");
  const glow = wishes.has("flat") ? null : glowPainter(glowing);
  if (glow !== null) return { painter: glow, canvas: hidden(glowing) };
  const plain = document.createElement("canvas");
  return { painter: flatPainter(plain), canvas: hidden(plain) };
}

function hidden(element: HTMLCanvasElement): HTMLCanvasElement {
  element.setAttribute("aria-hidden", "true");
  return element;
}

function toggleAverage(): void {
  shown.value = { ...shown.value, average: !shown.value.average };
}

/** Something happened: the state moves on, and with it whatever follows from it. */
function happen(event: StageEvent): void {
  const at = clock();
  const before = stage;
  stage = feed(stage, event, at);
  clearTimeout(waking);
  const wake = frozen === null ? wakeAt(stage, at) : null;
  if (wake !== null) waking = setTimeout(() => happen({ kind: "time" }), wake - at + 5);
  if (stage.knots !== before.knots || stage.newest !== before.newest) redraw(before, at);
  // On a narrow screen the code and the cloth take turns.
  if (invites(stage, at) !== invites(before, at)) fit();
  else tellWords(at);
  move();
}

/** Makes the next picture and sends it on its way. */
function redraw(before: Stage, at: number): void {
  if (layout === null) return;
  const next = pictureOf(stage, layout);
  const step = picture === null || picture.now === 0 ? 0 : next.now - picture.now;
  const slides = !still.matches && frozen === null && step > 0 && step <= 4 * next.window && before.newest !== null;
  if (!slides) painter?.hold();
  painter?.load(next);
  picture = next;
  slideSeconds = slides ? step : 0;
  const takes = still.matches ? STILL_FADE_MS : FADE_MS;
  ways.slide = slides ? { from: 0, to: 1, begun: at, takes: SLIDE_MS } : resting(1);
  ways.turn = slides ? { from: 0, to: 1, begun: at, takes: SLIDE_MS } : resting(1);
  ways.fade = slides || frozen !== null ? resting(1) : { from: 0, to: 1, begun: at, takes };
}

/** Brings the words up to date. */
function tellWords(at: number): void {
  const scene = sceneAt(stage, at);
  const labels = picture === null || scene !== "open" ? [] : labelsOf(picture, stage.newest, box, say);
  const since = stage.knots.find(({ modes }) => modes.length > 0)?.at ?? null;
  if (ways.warp.to !== WARP[scene]) ways.warp = towards(ways.warp, WARP[scene], at, frozen === null ? FADE_MS : 0);
  shown.value = {
    ...shown.value, scene, invites: invites(stage, at), frame: stage.newest, asking: stage.asking, since, labels, layout, now: (at + stage.offset) / 1000,
  };
}

/** Runs the loop for as long as something moves. */
function move(): void {
  if (looping) return;
  looping = true;
  requestAnimationFrame(step);
}

function step(): void {
  const at = clock();
  paint(at);
  if (isBusy(at)) requestAnimationFrame(step);
  else looping = false;
}

function isBusy(at: number): boolean {
  if (frozen !== null) return false;
  const draining = lostAt(stage);
  const breathing = sceneAt(stage, at) === "first" && !still.matches;
  return breathing || Object.values(ways).some((way) => isMoving(way, at))
    || (draining !== null && at >= draining && at < draining + DRAIN_MS + 50);
}

function paint(at: number): void {
  const breathes = sceneAt(stage, at) === "first" && !still.matches;
  painter?.paint({
    slide: slideSeconds * (1 - valueAt(ways.slide, at)),
    turn: valueAt(ways.turn, at),
    fade: valueAt(ways.fade, at),
    drain: drainAt(stage, at),
    warp: breathes ? 2.2 * breathAt(at - stage.begun) : valueAt(ways.warp, at),
    daylight,
  });
}

/** The picture takes the room that the words leave it. */
function fit(): void {
  const { width, height } = box.getBoundingClientRect();
  if (width < 10 || height < 10) return;
  const line = Number.parseFloat(getComputedStyle(box).fontSize) * 1.35;
  layout = layoutFor(Math.round(width), Math.round(height), line, invites(stage, clock()));
  picture = pictureOf(stage, layout);
  painter?.load(picture);
  painter?.load(picture);
  slideSeconds = 0;
  tellWords(clock());
  move();
}

function onKey(event: KeyboardEvent): void {
  if (event.key.toLowerCase() === "a" && !event.metaKey && !event.ctrlKey && !event.altKey) toggleAverage();
}

/** A graphics card that was lost comes back with nothing on it. */
function onRestored(): void {
  painter = glowPainter(canvas);
  fit();
}

canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
canvas.addEventListener("webglcontextrestored", onRestored);
globalThis.addEventListener("keydown", onKey);
new ResizeObserver(fit).observe(box);
void document.fonts.ready.then(fit);

const hub = hubAddress(location);
if (frozen === null) void follow(hub, happen);
else void readOnce(hub, (event) => happen(until(event, frozen))).then(() => happen({ kind: "opened" }));

/** Of what the hub keeps, only what was known at a moment. */
function until(event: StageEvent, at: number): StageEvent {
  if (event.kind === "space") return { ...event, hubNow: at };
  if (event.kind === "kept") return { ...event, frames: event.frames.filter((frame) => frame.at * 1000 <= at) };
  return event;
}

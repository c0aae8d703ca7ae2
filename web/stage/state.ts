/**
 * What the stage is showing, and why: a pure state machine.
 *
 * `begin` makes a stage, `feed` takes what happened and gives the next stage, `sceneAt` says which of the five scenes is to
 * be seen at a moment, `wakeAt` says when that may change by itself. Nothing here reads a clock, opens a socket or draws:
 * `live.ts` brings the events and `main.tsx` the pictures.
 *
 * | scene    | when                                                                     |
 * |----------|--------------------------------------------------------------------------|
 * | `lost`   | the hub is silent: socket closed for 4 s, or 2.5 windows without a frame  |
 * | `open`   | the newest frame is open                                                 |
 * | `first`  | the first ten seconds of a page that has no cloth to show                 |
 * | `below`  | the newest frame is below the cohort                                      |
 * | `nobody` | everything else                                                          |
 *
 * The rows are tried from the top. All times are milliseconds of the page's clock unless a name says otherwise.
 */
import type { Frame } from "../shared/frame.ts";
import { remember, type Knot } from "./memory.ts";

export type SceneName = "first" | "nobody" | "below" | "open" | "lost";

/** What the stage needs to know of a task: who asks, what, what for and until when. */
export interface Asking {
  readonly question: string;
  readonly space: string;
  readonly purpose: string;
  /** Unix seconds, or null when no task says so. */
  readonly expiry: number | null;
  /** Where phones join. */
  readonly join: string;
}

export type StageEvent =
  | { readonly kind: "space"; readonly asking: Asking; readonly hubNow: number }
  | { readonly kind: "kept"; readonly frames: readonly Frame[] }
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "opened" }
  | { readonly kind: "closed" }
  | { readonly kind: "time" };

export interface Stage {
  readonly begun: number;
  readonly asking: Asking | null;
  /** The hub's clock minus the page's. */
  readonly offset: number;
  readonly newest: Frame | null;
  /** The sitting so far, oldest first: what the cloth is woven from. */
  readonly knots: readonly Knot[];
  /** When the newest frame was true, on the page's clock. */
  readonly heard: number | null;
  /** Since when the socket is closed; null while it is open. */
  readonly parted: number | null;
}

export const FIRST_MS = 10_000;
export const DRAIN_MS = 5_000;
const PARTED_MS = 4_000;
const SILENT_WINDOWS = 2.5;

/** A stage that has heard nothing yet. */
export function begin(at: number): Stage {
  return { begun: at, asking: null, offset: 0, newest: null, knots: [], heard: null, parted: at };
}

/** The stage after an event. */
export function feed(stage: Stage, event: StageEvent, at: number): Stage {
  switch (event.kind) {
    case "space":
      return { ...stage, asking: event.asking, offset: event.hubNow - at };
    case "kept":
      // A kept frame may be old: it was true at its own time, not when it was read.
      return event.frames.reduce((sofar, frame) => withFrame(sofar, frame, Math.min(at, toPage(sofar, frame))), stage);
    case "frame":
      return withFrame(stage, event.frame, at);
    case "opened":
      return { ...stage, parted: null };
    case "closed":
      return stage.parted === null ? { ...stage, parted: at } : stage;
    case "time":
      return stage;
  }
}

function toPage(stage: Stage, frame: Frame): number {
  return frame.at * 1000 - stage.offset;
}

function withFrame(stage: Stage, frame: Frame, heard: number): Stage {
  const knots = remember(stage.knots, frame);
  if (stage.newest !== null && frame.at <= stage.newest.at) return { ...stage, knots };
  return { ...stage, knots, newest: frame, heard: Math.max(heard, stage.heard ?? heard) };
}

/** The scene to be seen at a moment. */
export function sceneAt(stage: Stage, at: number): SceneName {
  const lost = lostAt(stage);
  if (lost !== null && at >= lost) return "lost";
  if (stage.newest?.state === "open") return "open";
  if (at < stage.begun + FIRST_MS && !hasCloth(stage)) return "first";
  return stage.newest?.state === "below" ? "below" : "nobody";
}

/** When the stage counts as cut off from the hub, unless something is heard before; null before it was ever joined. */
export function lostAt(stage: Stage): number | null {
  if (stage.newest === null || stage.heard === null) {
    return stage.parted === null ? null : Math.max(stage.begun + FIRST_MS, stage.parted + PARTED_MS);
  }
  const silent = stage.heard + SILENT_WINDOWS * stage.newest.window * 1000;
  return stage.parted === null ? silent : Math.min(silent, stage.parted + PARTED_MS);
}

/** The next moment after `at` at which the scene may change by itself; null when it cannot. */
export function wakeAt(stage: Stage, at: number): number | null {
  const moments = [stage.begun + FIRST_MS, lostAt(stage)].filter((moment) => moment !== null && moment > at);
  return moments.length === 0 ? null : Math.min(...(moments as number[]));
}

/** How much of the colour has drained at a moment, 0 to 1: all of it five seconds after the hub was lost. */
export function drainAt(stage: Stage, at: number): number {
  const lost = lostAt(stage);
  return lost === null ? 0 : Math.min(1, Math.max(0, (at - lost) / DRAIN_MS));
}

/** Whether anything was ever woven in this sitting. */
export function hasCloth(stage: Stage): boolean {
  return stage.knots.some((knot) => knot.modes.length > 0);
}

/** Whether the code is shown: until there is a picture, and when it is gone. */
export function invites(stage: Stage, at: number): boolean {
  const scene = sceneAt(stage, at);
  return stage.asking !== null && scene !== "open" && (scene !== "lost" || stage.newest?.state !== "open");
}

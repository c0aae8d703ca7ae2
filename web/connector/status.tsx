/** What the chosen level means, what left, what is spent, what is in the way, and Stop. */
import type { ComponentChildren, JSX } from "preact";
import type { Device } from "./device.ts";
import { guessOf, mostOf } from "./draw.ts";
import { KeepIcon, LeaveIcon } from "./icons.tsx";
import { progressOf, useTime } from "./ring.tsx";
import { say } from "./say.ts";
import { REPORT_BYTES } from "../shared/report.ts";
import { FRESH_MS } from "./session.ts";

/** One true sentence about the level, computed from the running task by enumeration. */
export function Meaning({ device }: { readonly device: Device }): JSX.Element {
  const task = device.task.value;
  if (!device.sharing.value || task === null) {
    return <p class="meaning">{say(device.news.value === "stopped" ? "stopped" : "onlyMeMeans")}</p>;
  }
  const { hour } = guessOf(task);
  return (
    <p class="meaning">
      {strong(say("blurredMeans"))} {strong(hour >= 10 ? say("guessSure") : say("guess", { right: hour }))}
    </p>
  );
}

/** Text in which `*stars*` mark what counts. */
function strong(text: string): readonly ComponentChildren[] {
  return text.split("*").map((part, index) => (index % 2 === 1 ? <b key={index}>{part}</b> : part));
}

/** What left and what is spent; shown while sharing and as long as anything was sent. */
export function Spending({ device }: { readonly device: Device }): JSX.Element | null {
  const task = device.task.value;
  const parts = device.parts.value;
  if (task === null || (parts.length === 0 && !device.sharing.value)) return null;
  const most = mostOf(task);
  const { hour } = device.spent.value;
  return (
    <div class="spending">
      <dl>
        <div><dt>{say("left")}</dt><dd>{say("leftValue", { n: parts.length, bytes: parts.length * REPORT_BYTES })}</dd></div>
        <div><dt>{say("spent")}</dt><dd>{say("spentValue", { n: hour, most: most.hour })}</dd></div>
      </dl>
      <Strokes spent={hour} most={most.hour} />
      <Next device={device} />
    </div>
  );
}

/** One stroke for each part of the hour. */
function Strokes({ spent, most }: { readonly spent: number; readonly most: number }): JSX.Element {
  const strokes = Array.from({ length: Math.min(most, 24) }, (_, index) => index < spent);
  return <div class="parts" aria-hidden="true">{strokes.map((given, index) => <i key={index} class={given ? "given" : ""} />)}</div>;
}

function Next({ device }: { readonly device: Device }): JSX.Element | null {
  const now = useTime(device);
  const next = device.nextMs.value;
  if (next === null) return null;
  const isNow = progressOf(device, now) === null && device.hindrance.value === null;
  return (
    <>
      <dl><div><dt>{say("next")}</dt><dd>{isNow ? say("nextNow") : when(next, now)}</dd></div></dl>
      <p class="stale">{say("stale", { minutes: FRESH_MS / 60_000 })}</p>
    </>
  );
}

function when(next: number, now: number): string {
  const minutes = Math.ceil((next - now) / 60_000);
  if (minutes <= 1) return say("nextUnder");
  return minutes <= 60 ? say("nextMinutes", { n: minutes }) : say("nextAt", { time: say.time(next) });
}

/** Why nothing leaves although the dial says it may; null when nothing is in the way. */
export function hindranceOf(device: Device): string | null {
  const time = say.time(device.nextMs.value ?? Date.now());
  switch (device.hindrance.value) {
    case "hour":
      return say("spentHour", { time });
    case "day":
      return say("spentDay", { time });
    case "unit":
      return say("waitUnit", { time });
    case "no-memory":
      return say("noMemory");
    case "damaged":
      return say("damaged");
    case "too-much":
      return say("tooMuch");
    case "ended":
      return say("ended");
    case "fault":
      return say("fault");
    case null:
      return device.letIn.value ? null : say("notLetIn", { origin: window.location.origin });
  }
}

/** News for screen readers: the few moments that matter, and no chatter. */
export function newsOf(device: Device): string {
  const news = device.news.value;
  if (news === "hour" || news === "day" || news === "unit") return hindranceOf(device) ?? "";
  if (news === "lost") return say("lostNever");
  return news === null ? "" : say(news);
}

/** Always in reach: the two answers while the question stands, then what exactly, and Stop. */
export function Bar({ device, settled, onExactly }: BarProps): JSX.Element | null {
  if (isAsking(device, settled)) return <Answers device={device} />;
  if (!device.answered.value || (!device.sharing.value && device.parts.value.length === 0)) return null;
  return (
    <div class="bar">
      <button type="button" class="plain" onClick={onExactly}>{say("exactly")}</button>
      {device.sharing.value && <button type="button" class="stop" onClick={() => device.stop()}>{say("stop")}</button>}
    </div>
  );
}

interface BarProps {
  readonly device: Device;
  /** Whether the finger has been lifted from its first place. */
  readonly settled: boolean;
  readonly onExactly: () => void;
}

/** Whether the one question stands on the page. */
export function isAsking(device: Device, settled: boolean): boolean {
  return settled && !device.answered.value && device.point.value !== null && device.task.value !== null;
}

/** Two equal buttons that can be told apart without reading. */
function Answers({ device }: { readonly device: Device }): JSX.Element {
  return (
    <div class="bar answers">
      <button type="button" class="answer" onClick={() => device.stop()}><KeepIcon /><span>{say("keep")}</span></button>
      <button type="button" class="answer" onClick={() => void device.share()}><LeaveIcon /><span>{say("add")}</span></button>
    </div>
  );
}

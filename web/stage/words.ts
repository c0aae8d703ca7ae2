/**
 * What the stage says, as text: names of strands, shares, groups, times. Every word comes from the catalogue.
 *
 * A strand is named only with words that stand at the edges of the plane. A share is never given without its error.
 */
import type { Frame, Mode } from "../shared/frame.ts";
import { isWide } from "../shared/words.ts";
import { DISTANT_FUTURE } from "../shared/task.ts";
import type { Say } from "../shared/strings.ts";
import type { stage as catalogue } from "../shared/strings/en.ts";
import type { Asking } from "./state.ts";

export type StageSay = Say<typeof catalogue>;

/** Nearer to the middle than this, a strand is not called by that axis. */
const MIDDLE = 150;

/** "pleasant, stirred"; one word when the other axis says nothing; "in the middle" or "all over" when both do. */
export function nameOf(mode: Pick<Mode, "valence" | "arousal" | "spread">, say: StageSay): string {
  const words = [
    mode.valence > MIDDLE ? say("pleasant") : mode.valence < -MIDDLE ? say("unpleasant") : null,
    mode.arousal > MIDDLE ? say("stirred") : mode.arousal < -MIDDLE ? say("quiet") : null,
  ].filter((word) => word !== null);
  return words.length === 0 ? say(isWide(mode.spread) ? "allOver" : "middle") : words.join(say("comma"));
}

/** "41 %, ± 5", or "perhaps 4 %" when the error does not exclude that nobody is there. */
export function shareOf(mode: Pick<Mode, "share" | "low" | "high">, say: StageSay): string {
  const n = Math.round(mode.share / 100);
  if (mode.low <= 0) return n < 1 ? say("perhapsFew") : say("perhaps", { n });
  const error = Math.max(1, Math.ceil(Math.max(mode.high - mode.share, mode.share - mode.low) / 100));
  return say("share", { n: Math.max(1, n), error });
}

/** "about 210 people", or null when the frame does not say. */
export function peopleOf(frame: Frame | null, say: StageSay, locale: string): string | null {
  if (frame === null || frame.state !== "open" || frame.people === null) return null;
  return say("people", { n: frame.people, people: frame.people.toLocaleString(locale) });
}

/** "3 or 4 groups", or null when the frame does not say. */
export function groupsOf(frame: Frame | null, say: StageSay): string | null {
  if (frame === null || frame.state !== "open" || frame.groups === null) return null;
  const [least, most] = frame.groups;
  if (most < 1) return null;
  if (least === most) return say("groups", { n: most });
  return say(most - least === 1 ? "groupsOr" : "groupsTo", { least, n: most });
}

/** "asked for light in this room, until 22:00": what for, and until when. */
export function askedOf(asking: Asking | null, now: number, say: StageSay, locale: string): string | null {
  if (asking === null || asking.purpose === "") return null;
  if (asking.expiry === null || asking.expiry >= DISTANT_FUTURE) return say("asked", { purpose: asking.purpose });
  return say("askedUntil", { purpose: asking.purpose, time: untilOf(asking.expiry, now, locale) });
}

function untilOf(expiry: number, now: number, locale: string): string {
  const time = clockOf(expiry, locale);
  if (expiry - now < 20 * 3600) return time;
  return `${new Date(expiry * 1000).toLocaleDateString(locale, { day: "numeric", month: "long" })}, ${time}`;
}

/** "21:04", in the time of this place; Unix seconds. */
export function clockOf(at: number, locale: string): string {
  return new Date(at * 1000).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** "the average: about 6 % are near it", or null when there is none. */
export function averageOf(frame: Frame | null, say: StageSay): string | null {
  if (frame === null || frame.state !== "open" || frame.mean === null) return null;
  const n = Math.round(frame.mean.near / 100);
  return n < 1 ? say("averageNobody") : say("average", { n });
}

/** "the last five minutes, redrawn every ten seconds". */
export function rhythmOf(frame: Frame | null, say: StageSay): string {
  const n = frame?.window ?? 10;
  return n === 10 ? say("rhythmTen") : say("rhythm", { n });
}

/** "evening-rehearsal" as a title: "Evening rehearsal". */
export function titleOf(space: string): string {
  const words = space.replaceAll("-", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The whole picture in one sentence, for those who hear it. */
export function spokenOf(frame: Frame | null, say: StageSay): string {
  if (frame === null || frame.state !== "open") return "";
  const strands = [...frame.modes].sort((a, b) => b.share - a.share);
  return say("spoken", { strands: strands.map((mode) => `${nameOf(mode, say)} ${shareOf(mode, say)}`).join("; ") });
}

/** Text with `*emphasis*` as parts; every second part is emphasised. */
export function partsOf(text: string): readonly string[] {
  return text.split("*");
}

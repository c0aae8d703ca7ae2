/** What the join page says, in the reader's language, with times and places written the same way everywhere. */
import { chooseLocale, directionOf, type Say, speaker } from "../shared/strings.ts";
import { join } from "../shared/strings/en.ts";
import { DISTANT_FUTURE, type Task } from "../shared/task.ts";

const CATALOGUES = { en: join } as const;
const DAY_MS = 86_400_000;

export const locale = chooseLocale(navigator.languages, ["en"]) as keyof typeof CATALOGUES;
export const direction = directionOf(locale);

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const calendar = new Intl.DateTimeFormat(locale, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

const speak: Say<typeof join> = speaker(locale, CATALOGUES[locale]);

export const say = Object.assign(speak, {
  /** A moment of Unix milliseconds: the time, with the day when it is not within the next twelve hours or the last. */
  time(ms: number): string {
    return Math.abs(ms - Date.now()) < DAY_MS / 2 ? clock.format(ms) : calendar.format(ms);
  },
  /** Until when a task asks. */
  until(task: Task): string {
    return task.expiry === DISTANT_FUTURE ? speak("untilStop") : say.time(task.expiry * 1000);
  },
  /** A length of time in seconds, such as "1 hour". */
  span(length: number): string {
    const unit = length % 3600 === 0 || length >= 7200 ? "hour" : "minute";
    const amount = length / (unit === "hour" ? 3600 : 60);
    return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 1 }).format(amount);
  },
  /** A moment of Unix milliseconds to the second. */
  second(ms: number): string {
    return seconds.format(ms);
  },
});

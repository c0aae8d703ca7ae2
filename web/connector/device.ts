/**
 * This device: joins the session to the hub, the store, the clock and chance, and tells the page what to show.
 *
 * What leaves is decided in `session.ts` and sent in `intake.ts`; this file only carries out. Reading the hub and watching
 * the room begin when the page opens and do not depend on the finger: at private, a moving finger changes no byte and no
 * moment of what this page sends (`tests/web/test_join.py`).
 */
import { computed, signal } from "@preact/signals";
import { HubError, type HubErrorCode, hubAddress, readSpace, type Space, watch } from "../shared/api.ts";
import { toHex } from "../shared/bytes.ts";
import type { Frame } from "../shared/frame.ts";
import type { Point } from "../shared/grid.ts";
import { encodeReport, type Report } from "../shared/report.ts";
import { MalformedTask, parseTask, type Task } from "../shared/task.ts";
import { admits, draw, keepTime, mark, type Parts, spentOf } from "./draw.ts";
import { deliver, type Outcome } from "./intake.ts";
import { LedgerDamaged } from "./ledger.ts";
import { randomBytes, randomPart } from "./random.ts";
import { type Effect, type Event, type Hindrance, type Permit, Session, type State } from "./session.ts";
import { type Kept, NoMemory, Store } from "./store.ts";

export type Hub = "asking" | "ready" | "blocked-http" | HubErrorCode;
export type Letting = "none" | "glimpse" | "all";
/** What has just happened, for those who do not see it. */
export type News = "sent" | "counted" | "stopped" | "lost" | "hour" | "day" | "unit" | null;

/** How often a hub that does not answer is asked again: after 4 to 8 s at first, then up to 64 s. */
const AGAIN_MS = 4000;
const AGAIN_MOST_MS = 32_000;
/** The longest that a browser's timer holds. */
const TIMER_MOST_MS = 2_147_000_000;

export class Device {
  readonly hub = signal<Hub>("asking");
  readonly address = signal<URL | null>(null);
  readonly space = signal<Space | null>(null);
  readonly task = signal<Task | null>(null);
  readonly point = signal<Point | null>(null);
  /** Whether the one question has been answered. */
  readonly answered = signal(false);
  readonly state = signal<State>("private");
  readonly hindrance = signal<Hindrance | null>(null);
  /** When the next part may leave, Unix milliseconds by this device's clock. */
  readonly nextMs = signal<number | null>(null);
  readonly lastMs = signal<number | null>(null);
  readonly parts = signal<readonly Kept[]>([]);
  readonly spent = signal<Parts>({ hour: 0, day: 0 });
  readonly frame = signal<Frame | null>(null);
  readonly watching = signal(false);
  readonly letting = signal<Letting>("all");
  readonly news = signal<News>(null);
  /** Whether the hub ever took a part's connection; false once it did not. */
  readonly letIn = signal(true);
  readonly sharing = computed(() => this.state.value === "drawing" || this.state.value === "waiting");

  readonly #session = new Session();
  #store: Promise<Store> | null = null;
  #wake: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #cancels: (() => void)[] = [];
  #unwatch: (() => void) | null = null;

  /** Finds the hub, reads what it asks, and watches the room. */
  start(page: { readonly hash: string; readonly origin: string; readonly protocol: string }): void {
    void this.#recall();
    try {
      const hub = hubAddress(page);
      this.address.value = hub;
      if (page.protocol === "https:" && hub.protocol === "http:" && !isLoopback(hub.hostname)) {
        this.hub.value = "blocked-http";
        return;
      }
      void this.ask();
    } catch (error) {
      this.hub.value = codeOf(error);
    }
  }

  /** Reads what the hub asks; asks again by itself while it does not answer. */
  async ask(): Promise<void> {
    const hub = this.address.value;
    if (hub === null) return;
    clearTimeout(this.#again);
    try {
      const space = await readSpace(hub);
      this.space.value = space;
      this.hub.value = "ready";
      this.#tries = 0;
      this.#choose(space);
      this.#watchRoom();
    } catch (error) {
      this.hub.value = codeOf(error);
      const wait = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#tries) * (1 + Math.random());
      this.#tries += 1;
      this.#again = setTimeout(() => void this.ask(), wait);
    }
  }

  /** The person says where they are. Stays on this device. */
  feel(point: Point): void {
    this.point.value = point;
    this.#feed({ kind: "felt", point });
  }

  /** Yes to the one question, or the dial turned to Blurred. */
  async share(): Promise<void> {
    this.answered.value = true;
    this.letIn.value = true;
    try {
      await this.#memory();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.answered.value) this.#feed({ kind: "opted-in", connection: randomBytes(12) });
  }

  /** No, or the dial turned to Only me, or Stop. */
  stop(): void {
    const was = this.sharing.value;
    this.answered.value = true;
    this.#feed({ kind: "stopped" });
    if (was) this.news.value = "stopped";
  }

  /** How much of the room comes in. Only `none` closes the line; a glimpse and all are one request. */
  lookFor(letting: Letting): void {
    this.letting.value = letting;
    if (letting === "none") this.#lookAway();
    else if (this.hub.value === "ready") this.#watchRoom();
  }

  #choose(space: Space): void {
    const tasks = space.tasks.flatMap(readable).filter((task) => task.level === "veiled");
    const task = tasks.find(admits) ?? null;
    if (task === null) {
      this.task.value = null;
      if (tasks.length > 0) this.#feed({ kind: "barred", why: "too-much" });
      return;
    }
    this.task.value = task;
    this.#feed({ kind: "task", task, aheadMs: space.now - Date.now() });
    void this.#recall();
  }

  #feed(event: Event): void {
    const effects = this.#session.feed(event, Date.now());
    this.state.value = this.#session.state;
    this.hindrance.value = this.#session.hindrance;
    this.nextMs.value = this.#session.nextMs;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "speak":
        void this.#speak(effect.permit);
        return;
      case "send":
        this.#send(effect.report, effect.untilMs);
        return;
      case "wake":
        clearTimeout(this.#wake);
        this.#wake = setTimeout(() => this.#feed({ kind: "woke" }), Math.min(TIMER_MOST_MS, effect.atMs - Date.now()));
        return;
      case "fall-silent":
        clearTimeout(this.#wake);
        for (const cancel of this.#cancels.splice(0)) cancel();
        return;
    }
  }

  async #speak(permit: Permit): Promise<void> {
    try {
      const store = await this.#memory();
      const drawn = await draw(store, permit);
      await this.#recall();
      if (drawn.kind === "uncovered") {
        this.news.value = drawn.which;
        this.#feed(drawn);
      } else {
        this.lastMs.value = Date.now();
        this.#feed({ kind: "spoken", report: drawn.report, chance: randomPart() });
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(report: Report, untilMs: number): void {
    const bytes = encodeReport(report);
    const cancel = deliver(this.address.value as URL, bytes, untilMs, (outcome) => {
      this.#cancels = this.#cancels.filter((each) => each !== cancel);
      void this.#settle(toHex(bytes.slice(45)), outcome);
    });
    this.#cancels.push(cancel);
    this.news.value = "sent";
  }

  async #settle(id: string, outcome: Outcome): Promise<void> {
    const part = this.parts.value.find((each) => each.id === id);
    if (part !== undefined) {
      await (await this.#memory()).keep({ ...part, state: outcome.kind, code: outcome.kind === "refused" ? outcome.code : "" });
      await this.#recall();
    }
    if (outcome.kind === "counted" && this.sharing.value) this.news.value = "counted";
    if (outcome.kind === "lost" && !outcome.heard) this.letIn.value = false;
    if (outcome.kind === "refused") this.#refused(outcome.code);
  }

  #refused(code: string): void {
    if (code === "malformed" || code === "out-of-range") this.#feed({ kind: "barred", why: "fault" });
    if (code === "ended") this.#feed({ kind: "barred", why: "ended" });
    // The hub may have another task, or this device's clock may have been set: read anew what is asked, and when it is.
    if (code === "unknown-task" || code === "early" || code === "late") void this.ask();
  }

  /** Reads what this device kept: what left, and what is spent. */
  async #recall(): Promise<void> {
    try {
      const store = await this.#memory();
      this.parts.value = await store.parts(Date.now());
      if (this.task.value !== null) this.spent.value = spentOf(await store.entries(), this.task.value);
    } catch (error) {
      if (reasonOf(error) === "fault") throw error;
    }
  }

  #memory(): Promise<Store> {
    this.#store ??= remember();
    return this.#store;
  }

  #fail(error: unknown): void {
    this.#feed({ kind: "barred", why: reasonOf(error) });
    if (reasonOf(error) === "fault") throw error;
  }

  #watchRoom(): void {
    if (this.letting.value === "none" || this.#unwatch !== null) return;
    this.#unwatch = watch(this.address.value as URL, {
      frame: (frame) => {
        this.frame.value = frame;
      },
      connected: (open) => {
        if (this.watching.value && !open) this.news.value = "lost";
        this.watching.value = open;
      },
    });
  }

  #lookAway(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    this.watching.value = false;
    this.frame.value = null;
  }
}

/** Opens the device's memory and notes the time in its ledger. */
async function remember(): Promise<Store> {
  const store = await Store.open();
  await mark(store);
  // A page is hidden before it is left or reloaded: the last moment at which a clock set forward can be seen.
  document.addEventListener("visibilitychange", () => void keepTime(store).catch(() => undefined));
  return store;
}

/** Why nothing can be paid for here. */
function reasonOf(error: unknown): "no-memory" | "damaged" | "fault" {
  if (error instanceof NoMemory) return "no-memory";
  return error instanceof LedgerDamaged ? "damaged" : "fault";
}

/** Whether an address is this very machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\./.test(host);
}

function readable(canonical: string): readonly Task[] {
  try {
    return [parseTask(canonical)];
  } catch (error) {
    if (error instanceof MalformedTask) return [];
    throw error;
  }
}

function codeOf(error: unknown): HubErrorCode {
  if (error instanceof HubError) return error.code;
  throw error;
}

/**
 * How a page reads a hub: `docs/reference/protocol.md`. Reading only; `connector/intake.ts` alone sends.
 *
 * Promises: every request is the same for everybody (no cookie, no credentials, no referrer, nothing of the reader in the
 * address), and a lost socket comes back after a random pause of up to 8 s, so that a whole hall does not return at once.
 */
import { type Frame, MalformedFrame, parseFrame, parseFrames } from "./frame.ts";

/** What `GET /v1/space` says. */
export interface Space {
  readonly space: string;
  readonly question: string;
  /** The hub's clock when it answered, in Unix milliseconds. */
  readonly now: number;
  /** The canonical bytes of each task, as text; see `parseTask`. */
  readonly tasks: readonly string[];
}

export type HubErrorCode = "wrong-address" | "unreachable" | "not-a-hub";

/** The hub could not be read; the code says why. */
export class HubError extends Error {
  override readonly name = "HubError";
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode) {
    super(code);
    this.code = code;
  }
}

export const RETURN_MS = 8000;
const ANSWER_MS = 10_000;
const SAME_FOR_EVERYBODY: RequestInit = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" };

/** The hub a page speaks to: `#hub=https://...` in its address, else the page's own origin. Throws `HubError`. */
export function hubAddress(page: { readonly hash: string; readonly origin: string }): URL {
  const named = new URLSearchParams(page.hash.replace(/^#/, "")).get("hub");
  const address = attempt(named ?? page.origin);
  if (address === null || !/^https?:$/.test(address.protocol) || address.username !== "") throw new HubError("wrong-address");
  address.hash = "";
  address.search = "";
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  return address;
}

/** The address of a socket of that hub. */
export function socketAddress(hub: URL, path: string): string {
  const address = new URL(path, hub);
  address.protocol = hub.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** Asks the hub which space it is and what it asks. Throws `HubError`. */
export async function readSpace(hub: URL): Promise<Space> {
  const space = json(await get(new URL("v1/space", hub))) as Partial<Space> | null;
  const whole = typeof space?.space === "string" && typeof space.question === "string" && typeof space.now === "number"
    && Array.isArray(space.tasks) && space.tasks.every((task) => typeof task === "string");
  if (!whole) throw new HubError("not-a-hub");
  return space as Space;
}

/** The frames that the hub keeps, oldest first. Throws `HubError`. */
export async function readFrames(hub: URL): Promise<readonly Frame[]> {
  try {
    return parseFrames(await get(new URL("v1/frames", hub)));
  } catch (error) {
    if (error instanceof MalformedFrame) throw new HubError("not-a-hub");
    throw error;
  }
}

export interface Watcher {
  /** A frame arrived. */
  readonly frame: (frame: Frame) => void;
  /** The connection opened or was lost. */
  readonly connected: (open: boolean) => void;
}

/** Watches the room until the returned function is called. `chance` gives numbers in [0, 1). */
export function watch(hub: URL, watcher: Watcher, chance: () => number = Math.random): () => void {
  let socket: WebSocket | null = null;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let over = false;

  const open = (): void => {
    const opened = new WebSocket(socketAddress(hub, "v1/watch"));
    socket = opened;
    opened.onopen = () => watcher.connected(true);
    opened.onmessage = (message) => hear(message.data, watcher, opened);
    opened.onclose = () => {
      if (over) return;
      watcher.connected(false);
      pause = setTimeout(open, chance() * RETURN_MS);
    };
  };
  open();
  return () => {
    over = true;
    clearTimeout(pause);
    socket?.close();
  };
}

/** A hub that sends something else than frames is left, and asked again later. */
function hear(data: unknown, watcher: Watcher, socket: WebSocket): void {
  try {
    watcher.frame(parseFrame(String(data)));
  } catch (error) {
    if (!(error instanceof MalformedFrame)) throw error;
    socket.close();
  }
}

async function get(address: URL): Promise<string> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(address, { ...SAME_FOR_EVERYBODY, signal: AbortSignal.timeout(ANSWER_MS) });
    text = await answer.text();
  } catch {
    throw new HubError("unreachable");
  }
  if (answer.status >= 500) throw new HubError("unreachable");
  if (!answer.ok || !text.startsWith("{")) throw new HubError("not-a-hub");
  return text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HubError("not-a-hub");
  }
}

function attempt(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/**
 * The only way out of this page: one report, to one hub, over a socket that lives for that report alone.
 *
 * Promises: the socket is opened when there is something to send and closed as soon as the hub has decided, so at private
 * there is none. A resend is the same bytes, after a random pause of up to 8 s. Nothing is sent after `cancel`, nor after
 * the report's window and grace are over. `docs/reference/protocol.md`, "Intake".
 */
import { RETURN_MS, socketAddress } from "../shared/api.ts";

export type Outcome =
  | { readonly kind: "counted" }
  | { readonly kind: "refused"; readonly code: string }
  /** Its time is over; `heard` says whether the hub ever took a connection. */
  | { readonly kind: "lost"; readonly heard: boolean };

/** What the sender needs of the world. */
export interface World {
  readonly now: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

const REAL: World = { now: Date.now, chance: Math.random };

/** Delivers one report until `untilMs`; tells the outcome once. Returns what cancels it. */
export function deliver(
  hub: URL, bytes: Uint8Array<ArrayBuffer>, untilMs: number, tell: (outcome: Outcome) => void, world: World = REAL,
): () => void {
  let socket: WebSocket | null = null;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let heard = false;
  let over = false;

  const end = (): void => {
    over = true;
    clearTimeout(pause);
    socket?.close();
  };
  const decide = (outcome: Outcome): void => {
    if (over) return;
    end();
    tell(outcome);
  };
  const again = (): void => {
    if (over) return;
    const wait = world.chance() * RETURN_MS;
    if (world.now() >= untilMs) decide({ kind: "lost", heard });
    // Not again after its time; but the person is told only when that time is over.
    else if (world.now() + wait >= untilMs) pause = setTimeout(() => decide({ kind: "lost", heard }), untilMs - world.now());
    else pause = setTimeout(open, wait);
  };
  const open = (): void => {
    const opened = new WebSocket(socketAddress(hub, "v1/intake"));
    socket = opened;
    opened.onopen = () => {
      heard = true;
      opened.send(bytes);
    };
    opened.onclose = again;
    opened.onmessage = (message) => {
      const outcome = read(message.data);
      if (outcome === "busy") opened.close();
      else if (outcome !== null) decide(outcome);
    };
  };
  open();
  return end;
}

/** What the hub said about the one report of this socket; null when it said nothing about it. */
function read(data: unknown): Outcome | "busy" | null {
  let answer: { readonly ack?: unknown; readonly refused?: unknown; readonly code?: unknown } | null;
  try {
    answer = JSON.parse(String(data));
  } catch {
    return null;
  }
  if (answer?.refused === 1) return refusal(String(answer.code));
  return typeof answer?.ack === "number" && answer.ack >= 1 ? { kind: "counted" } : null;
}

function refusal(code: string): Outcome | "busy" {
  if (code === "busy") return "busy";
  return code === "duplicate" ? { kind: "counted" } : { kind: "refused", code };
}

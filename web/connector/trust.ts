/**
 * Which of the three promises holds for this page as it was loaded: it came from the hub, it came from elsewhere, or
 * anyone on the network could have altered it on the way.
 */
import { isLoopback } from "./device.ts";

export type Ground = "hub" | "other" | "plain";

/** What the promises of a page rest on. */
export function groundOf(page: { readonly origin: string; readonly protocol: string; readonly hostname: string }, hub: URL | null): Ground {
  if (page.protocol === "http:" && !isLoopback(page.hostname)) return "plain";
  return hub === null || hub.origin === page.origin ? "hub" : "other";
}

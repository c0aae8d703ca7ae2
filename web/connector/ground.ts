/** Whether the page is dark or light just now: as the person's system says. */
import { signal } from "@preact/signals";
import type { Ground } from "../shared/colour.ts";

const daylight = window.matchMedia("(prefers-color-scheme: light)");

export const ground = signal<Ground>(daylight.matches ? "light" : "dark");

daylight.addEventListener("change", () => {
  ground.value = daylight.matches ? "light" : "dark";
});

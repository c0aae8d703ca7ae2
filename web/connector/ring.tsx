/**
 * A ring around one's own point that closes as the next part comes due.
 *
 * It moves by a timer a few dozen times a unit, not by an animation: a phone that lies on a table should lie still.
 */
import { effect, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Device } from "./device.ts";

const STEPS = 60;
const LEAST_MS = 2000;

/** The time by this device's clock, read anew as often as a ring over `unit` seconds needs. */
export function useTime(device: Device): number {
  const now = useSignal(Date.now());
  useEffect(() => effect(() => {
    if (device.nextMs.value === null) return undefined;
    now.value = Date.now();
    const period = Math.max(LEAST_MS, ((device.task.value?.unit ?? 0) * 1000) / STEPS);
    const timer = setInterval(() => {
      now.value = Date.now();
    }, period);
    return () => clearInterval(timer);
  }), []);
  return now.value;
}

/** How much of the way from the last part to the next has gone, 0..1; null when none is to come. */
export function progressOf(device: Device, nowMs: number): number | null {
  const [last, next] = [device.lastMs.value, device.nextMs.value];
  if (next === null || last === null) return null;
  return Math.min(1, Math.max(0, (nowMs - last) / (next - last)));
}

export function Ring({ device }: { readonly device: Device }): JSX.Element | null {
  const progress = progressOf(device, useTime(device));
  if (progress === null) return null;
  return (
    <svg class="ring" viewBox="-24 -24 48 48">
      <circle class="ring-whole" r="21" />
      <circle class="ring-gone" r="21" pathLength={1} stroke-dasharray="1" stroke-dashoffset={1 - progress} />
    </svg>
  );
}

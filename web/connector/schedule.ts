/**
 * Speaking times: when the next part may leave. They are all a hub learns from timing, and tell nothing.
 *
 * The first leaves at once on opting in, the second after G + uniform(0, G), then one every G, the task's unit. No
 * function here takes a feeling, and none can: times come from the time of the last part and from chance. Mirrors
 * `partsong/connector/schedule.py`. All times are milliseconds.
 */

/** When the part after part `number` may leave, if that one left at `lastMs`; `chance` in [0, 1). */
export function following(lastMs: number, number: number, unitMs: number, chance: number): number {
  return lastMs + unitMs + (number === 0 ? Math.floor(chance * unitMs) : 0);
}

/** The first of the times `dueMs` + k units, k >= 1, that is not before `untilMs`. */
export function skipped(dueMs: number, untilMs: number, unitMs: number): number {
  return dueMs + Math.max(1, Math.ceil((untilMs - dueMs) / unitMs)) * unitMs;
}

/**
 * The stage's one way to the world: it reads a hub and tells the state machine what happened.
 *
 * Reading only, the same for everybody; sending nothing. The frames that are kept come once, before the watching begins;
 * after a lost connection they are read again, so that no hole is woven into the cloth.
 */
import { HubError, readFrames, readSpace, watch, type Space } from "../shared/api.ts";
import { parseTask, type Task } from "../shared/task.ts";
import type { Asking, StageEvent } from "./state.ts";

/** Tells what happens at this hub from now on. */
export async function follow(hub: URL, tell: (event: StageEvent) => void): Promise<void> {
  await readOnce(hub, tell);
  let parted = false;
  watch(hub, {
    frame: (frame) => tell({ kind: "frame", frame }),
    connected: (open) => {
      tell({ kind: open ? "opened" : "closed" });
      if (open && parted) void readOnce(hub, tell);
      parted = !open;
    },
  });
}

/** Reads the space and the kept frames; a hub that cannot be reached yet is asked again when its socket opens. */
export async function readOnce(hub: URL, tell: (event: StageEvent) => void): Promise<void> {
  try {
    const [space, frames] = await Promise.all([readSpace(hub), readFrames(hub)]);
    tell({ kind: "space", asking: askingOf(space, hub), hubNow: space.now });
    tell({ kind: "kept", frames });
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    tell({ kind: "closed" });
  }
}

/** Who asks, what, what for and until when: of the task that lasts longest. */
export function askingOf(space: Space, hub: URL): Asking {
  const tasks = space.tasks.map(read).filter((task) => task !== null);
  const task = tasks.sort((a, b) => b.expiry - a.expiry)[0];
  return {
    question: space.question,
    space: space.space,
    purpose: task?.purpose ?? "",
    expiry: task?.expiry ?? null,
    join: new URL("join", hub).href,
  };
}

/** A task that this page cannot read is not shown. */
function read(canonical: string): Task | null {
  try {
    return parseTask(canonical);
  } catch {
    return null;
  }
}

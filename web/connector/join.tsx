/** The join page as a whole: who asks, the plane, and what there is to decide. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Device } from "./device.ts";
import { Exactly } from "./exactly.tsx";
import { Panel } from "./panel.tsx";
import { Plane } from "./plane.tsx";
import { groupsOf } from "./room.ts";
import { say } from "./say.ts";
import { Bar, newsOf } from "./status.tsx";

export function Join({ device }: { readonly device: Device }): JSX.Element {
  const settled = useSignal(false);
  const showing = useSignal(false);
  const question = device.task.value?.question ?? device.space.value?.question ?? "";
  useEffect(() => {
    document.title = question === "" ? "Partsong" : `${question} · Partsong`;
  }, [question]);
  const settle = (): void => {
    settled.value = true;
  };
  return (
    <>
      <Head device={device} />
      <Plane device={device} onSettled={settle} />
      <div class="below">
        <Panel device={device} settled={settled.value} />
        <Bar device={device} settled={settled.value} onExactly={() => { showing.value = true; }} />
      </div>
      {showing.value && <Exactly device={device} onClose={() => { showing.value = false; }} />}
      <p class="spoken" role="status">{newsOf(device)}</p>
      <RoomInWords device={device} />
    </>
  );
}

function Head({ device }: { readonly device: Device }): JSX.Element {
  const task = device.task.value;
  return (
    <header>
      <h1>{task?.question ?? device.space.value?.question ?? "Partsong"}</h1>
      {task !== null && <p>{say("purposeUntil", { purpose: task.purpose, until: say.until(task) })}</p>}
    </header>
  );
}

/** The room for those who do not see it; read when they go there, never announced. */
function RoomInWords({ device }: { readonly device: Device }): JSX.Element | null {
  const frame = device.frame.value;
  if (frame === null || frame.state !== "open" || device.point.value === null || device.letting.value === "none") return null;
  const groups = groupsOf(frame).map(({ word, percent, sure, wide }) =>
    say(wide ? "roomWide" : sure ? "roomGroup" : "roomPerhaps", { percent, word: say(word) }));
  return groups.length === 0 ? null : <p class="spoken">{say("roomWords", { groups: groups.join("; ") })}</p>;
}

/** What exactly left: every byte of every part, in plain words, and what it could tell. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { toHex } from "../shared/bytes.ts";
import type { Point } from "../shared/grid.ts";
import { decodeReport, REPORT_BYTES, REPORT_PARTS, type Report } from "../shared/report.ts";
import type { Device } from "./device.ts";
import { guessOf } from "./draw.ts";
import { say } from "./say.ts";
import type { Kept } from "./store.ts";

export function Exactly({ device, onClose }: { readonly device: Device; readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const parts = [...device.parts.value].reverse();
  const task = device.task.value;
  return (
    <dialog class="exactly" ref={dialog} onClose={onClose} aria-labelledby="exactly-title">
      <div class="exactly-head">
        <h2 id="exactly-title">{say("exactlyTitle")}</h2>
        <button type="button" class="plain" onClick={() => dialog.current?.close()}>{say("close")}</button>
      </div>
      <p class="aside">{parts.length === 0 ? say("exactlyNone") : say("exactlyEach", { bytes: REPORT_BYTES })}</p>
      {task !== null && parts.length > 0 && <p class="aside">{say("couldTell", { right: guessOf(task).once })}</p>}
      <ol>{parts.map((part) => <Part key={part.id} part={part} />)}</ol>
    </dialog>
  );
}

function Part({ part }: { readonly part: Kept }): JSX.Element {
  const report = decodeReport(part.bytes);
  return (
    <li class="part">
      <div class="part-head">
        <h3>{say("exactlyPart", { number: report.number + 1, time: say.time(part.atMs) })}</h3>
        <span class={`part-state ${part.state}`}>{stateOf(part)}</span>
      </div>
      <div class="part-body">
        <Where place={part.place} />
        <dl class="bytes">
          {REPORT_PARTS.map(({ key, offset, length }) => (
            <div key={key}>
              <dt>{toHex(part.bytes.slice(offset, offset + length)).replace(/../g, "$& ").trim()}</dt>
              <dd>{meaningOf(key, report, part)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </li>
  );
}

/** A small plane with the blurred answer on it. */
function Where({ place }: { readonly place: Point | null }): JSX.Element {
  return (
    <svg class="where" viewBox="-1.5 -1.5 3 3" role="img" aria-label={say("blurredPlace")}>
      <rect x="-1" y="-1" width="2" height="2" />
      <path d="M0 -1V1M-1 0H1" />
      {place !== null && <circle class="blur" cx={place.arousal} cy={-place.valence} r=".42" opacity=".35" />}
      {place !== null && <circle class="blur" cx={place.arousal} cy={-place.valence} r=".14" />}
    </svg>
  );
}

function stateOf(part: Kept): string {
  const said = { counted: "stateCounted", leaving: "stateLeaving", refused: "stateRefused", lost: "stateLost" } as const;
  return say(said[part.state], { code: part.code });
}

function meaningOf(key: (typeof REPORT_PARTS)[number]["key"], report: Report, part: Kept): string {
  switch (key) {
    case "array":
      return say("byteArray");
    case "task":
      return say("byteTask");
    case "epoch":
      return say("byteEpoch", { from: say.second(report.epoch * part.window * 1000), to: say.second((report.epoch + 1) * part.window * 1000) });
    case "output":
      return say("byteOutput", { output: report.output, outputs: part.outputs });
    case "connection":
      return say("byteConnection");
    case "number":
      return say("byteNumber", { number: report.number });
  }
}

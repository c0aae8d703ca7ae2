/**
 * The words of the stage. The picture beneath them is painted elsewhere; what stands here can be read, heard and copied.
 */
import type { ComponentChildren, JSX } from "preact";
import { codeOf, spelled } from "./code.ts";
import type { Frame } from "../shared/frame.ts";
import { placeInField, type Layout } from "./layout.ts";
import type { Asking, SceneName } from "./state.ts";
import {
  askedOf, averageOf, clockOf, groupsOf, partsOf, peopleOf, rhythmOf, spokenOf, titleOf, type StageSay,
} from "./words.ts";

/** A strand's words, and where they stand; `top` is null when there is no room beside the cloth. */
export interface StrandLabel {
  readonly id: number;
  readonly name: string;
  readonly share: string;
  readonly colour: string;
  readonly top: number | null;
}

/** All that the words depend on. */
export interface Shown {
  readonly scene: SceneName;
  /** Whether the code is shown: it stands where the field will be. */
  readonly invites: boolean;
  readonly frame: Frame | null;
  readonly asking: Asking | null;
  /** Unix seconds at which the cloth begins, or null without one. */
  readonly since: number | null;
  /** Unix seconds. */
  readonly now: number;
  readonly labels: readonly StrandLabel[];
  readonly layout: Layout | null;
  readonly average: boolean;
  readonly locale: string;
}

interface Props {
  readonly shown: Shown;
  readonly say: StageSay;
}

/** Above the picture: what is asked, where, and (when the frame gives them) how many and how many groups. */
export function Heading({ shown, say }: Props): JSX.Element {
  const { asking, frame, scene, locale } = shown;
  const counts = scene === "open" ? [peopleOf(frame, say, locale), groupsOf(frame, say)] : [];
  const known = counts.filter((text) => text !== null);
  return (
    <>
      <div>
        <h1>{asking?.question ?? ""}</h1>
        <p class="space">{titleOf(asking?.space ?? "")}</p>
      </div>
      <p class="counts" role="status">
        {scene === "lost" && lostText(shown, say)}
        {known.map((text, i) => (
          <span key={i}>
            {i > 0 && <span class="dot" aria-hidden="true">·</span>}
            <Rich text={text} />
          </span>
        ))}
      </p>
    </>
  );
}

/** Over the picture: the words at its edges, the strands' names, the average, the code, a sentence. */
export function Overlay({ shown, say }: Props): JSX.Element | null {
  const { layout, scene, labels } = shown;
  if (layout === null) return null;
  return (
    <>
      {!layout.bare && <Edges layout={layout} say={say} />}
      {labels.map((label) => <Label key={label.id} label={label} layout={layout} />)}
      {shown.average && scene === "open" && <Average frame={shown.frame} layout={layout} say={say} />}
      {shown.invites && <Invitation shown={shown} say={say} />}
      {scene === "below" && <Sentence layout={layout} text={say(shown.since === null ? "below" : "goesOn")} />}
    </>
  );
}

function Edges({ layout, say }: { layout: Layout; say: StageSay }): JSX.Element {
  return (
    <div class="edges">
      <i class="reed" style={{ left: `${layout.reed}px`, top: `${layout.top - 6}px`, height: `${layout.bottom - layout.top + 12}px` }} />
      <span class="edge up" style={{ left: `${layout.reed}px`, top: "0" }}>{say("pleasant")}</span>
      <span class="edge down" style={{ left: `${layout.reed}px`, top: `${layout.bottom + 6}px` }}>{say("unpleasant")}</span>
      <span class="edge" style={{ left: `${layout.quiet}px`, top: `${layout.bottom + 6}px` }}>{say("quiet")}</span>
      <span class="edge end" style={{ right: `${layout.width - layout.right}px`, top: `${layout.bottom + 6}px` }}>{say("stirred")}</span>
    </div>
  );
}

function Label({ label, layout }: { label: StrandLabel; layout: Layout }): JSX.Element | null {
  if (label.top === null) return null;
  const place = { right: `${layout.width - layout.reed + LABEL_GAP}px`, top: `${label.top}px` };
  return (
    <p class="label" style={place}>
      <b>{label.name}</b>
      <span>{label.share}</span>
    </p>
  );
}

/** From a label's right edge to the reed, in CSS pixels. */
export const LABEL_GAP = 14;

/** The average as a hollow cross: where the middle of everybody is, and that hardly anyone is there. */
function Average({ frame, layout, say }: { frame: Frame | null; layout: Layout; say: StageSay }): JSX.Element | null {
  const text = averageOf(frame, say);
  if (text === null || frame?.mean == null) return null;
  const { x, y } = placeInField(layout, frame.mean.valence[0] / 1000, frame.mean.arousal[0] / 1000);
  const arm = Math.max(8, layout.line * 0.55);
  const before = x > (layout.quiet + layout.right) / 2;
  const beside = before ? { right: `${layout.width - x + arm * 1.6}px` } : { left: `${x + arm * 1.6}px` };
  return (
    <>
      <svg class="cross" viewBox="-10 -10 20 20" style={{ left: `${x - arm}px`, top: `${y - arm}px`, width: `${2 * arm}px`, height: `${2 * arm}px` }}>
        <path d="M-10 0h6.5M10 0h-6.5M0-10v6.5M0 10v-6.5" />
      </svg>
      <p class={before ? "average before" : "average"} style={{ ...beside, top: `${y}px`, maxWidth: `${before ? x - layout.reed : layout.right - x}px` }}>
        {text}
      </p>
    </>
  );
}

function Invitation({ shown, say }: Props): JSX.Element {
  const address = shown.asking?.join ?? "";
  const code = codeOf(address);
  return (
    <div class="invitation">
      <svg class="code" viewBox={`0 0 ${code.side} ${code.side}`} role="img" aria-label={address} shape-rendering="crispEdges">
        <path class="code-ground" d={`M0 0h${code.side}v${code.side}H0z`} />
        <path class="code-ink" d={code.path} />
      </svg>
      <a class="address" href={address}>{spelled(address)}</a>
      <p class="finger">
        {say("finger")} <span>{say("nothingLeaves")}</span>
      </p>
    </div>
  );
}

/** The sentence of a loom on which nothing is woven now. It never says how many are missing. */
function Sentence({ layout, text }: { layout: Layout; text: string }): JSX.Element {
  const place = {
    left: `${layout.left}px`, width: `${layout.reed - layout.left}px`, top: `${(layout.top + layout.bottom) / 2}px`,
  };
  return <p class="sentence" style={place}><span>{text}</span></p>;
}

/** What is said when nothing is heard. */
function lostText({ frame, locale }: Shown, say: StageSay): string {
  return frame === null ? say("unreached") : say("lost", { time: clockOf(frame.at, locale) });
}

/** Under the picture: since when, how often, who asks; and the strands for which there was no room beside the cloth. */
export function Footing({ shown, say, onAverage }: Props & { onAverage: () => void }): JSX.Element {
  const { frame, since, asking, scene, locale, layout } = shown;
  const asked = askedOf(asking, shown.now, say, locale);
  const listed = shown.labels.filter(({ top }) => top === null);
  const woven = since !== null && layout !== null;
  return (
    <>
      {listed.length > 0 && (
        <ul class="listed">
          {listed.map(({ id, name, share, colour }) => (
            <li key={id}><i style={{ background: colour }} /><b>{name}</b> <span>{share}</span></li>
          ))}
        </ul>
      )}
      <div class="foot">
        <p class="time small" style={layout === null ? {} : { "--reed": `${layout.reed}px` }}>
          <span>{woven ? clockOf(since, locale) : ""}</span>
          <span class="rhythm">{woven && scene === "open" ? rhythmOf(frame, say) : ""}</span>
        </p>
        <p class="asked">
          {scene === "open" && frame?.mean != null && (
            <button class="small" type="button" aria-pressed={shown.average} onClick={onAverage}>{say("averageKey")}</button>
          )}
          {asked !== null && <span><Rich text={asked} /></span>}
        </p>
      </div>
      <p class="spoken" aria-live="polite">{spokenOf(frame, say)}</p>
    </>
  );
}

function Rich({ text }: { text: string }): ComponentChildren {
  return partsOf(text).map((part, i) => (i % 2 === 1 ? <b key={i}>{part}</b> : part));
}

/** What there is to decide: first nothing, then the one question, then two dials and what they mean. */
import type { ComponentChildren, JSX } from "preact";
import type { Device, Hub, Letting } from "./device.ts";
import { say } from "./say.ts";
import { hindranceOf, Meaning, Spending } from "./status.tsx";
import { groundOf } from "./trust.ts";

export function Panel({ device, settled }: { readonly device: Device; readonly settled: boolean }): JSX.Element {
  return <section class="panel" tabIndex={0} aria-label={say("dial")}>{contentOf(device, settled)}</section>;
}

function contentOf(device: Device, settled: boolean): JSX.Element {
  const trouble = TROUBLE[device.hub.value];
  if (trouble !== undefined && device.space.value === null) return <Trouble device={device} {...trouble} />;
  if (device.point.value === null || !settled) return <Invite />;
  if (device.task.value === null) return <Private device={device}>{say(device.hindrance.value === "too-much" ? "tooMuch" : device.hub.value === "asking" ? "asking" : "nothingAsked")}</Private>;
  if (!device.answered.value) return <Question device={device} />;
  return <Dials device={device} />;
}

/** What to say when the hub cannot be read, and whether asking again may help. */
const TROUBLE: Readonly<Partial<Record<Hub, { readonly what: TroubleKey; readonly next: TroubleKey | null; readonly again: boolean }>>> = {
  unreachable: { what: "unreachable", next: "unreachableNext", again: true },
  "not-a-hub": { what: "notAHub", next: "wrongAddressNext", again: true },
  "wrong-address": { what: "wrongAddress", next: "wrongAddressNext", again: false },
  "blocked-http": { what: "blockedHttp", next: null, again: false },
};
type TroubleKey = "unreachable" | "unreachableNext" | "notAHub" | "wrongAddress" | "wrongAddressNext" | "blockedHttp";

interface TroubleProps {
  readonly device: Device;
  readonly what: TroubleKey;
  readonly next: TroubleKey | null;
  readonly again: boolean;
}

function Trouble({ device, what, next, again }: TroubleProps): JSX.Element {
  return (
    <div class="trouble">
      <p class="lead">{say(what)}</p>
      {next !== null && <p class="aside">{say(next)}</p>}
      {again && <button type="button" class="plain" onClick={() => void device.ask()}>{say("again")}</button>}
    </div>
  );
}

function Invite(): JSX.Element {
  return (
    <div class="invite">
      <p class="lead">{say("invite")}</p>
      <p class="aside">{say("inviteSafe")}</p>
    </div>
  );
}

/** The one question, once. Its two answers stand in the bar (`status.tsx`), where they are always in reach. */
function Question({ device }: { readonly device: Device }): JSX.Element {
  const task = device.task.value as NonNullable<typeof device.task.value>;
  const values = {
    space: task.space, host: device.address.value?.host ?? "", purpose: task.purpose,
    until: say.until(task), kept: say.span(task.retention),
  };
  return (
    <div class="question">
      <h2>{say("question")}</h2>
      <p class="aside">{say("questionWho", values)}</p>
    </div>
  );
}

function Dials({ device }: { readonly device: Device }): JSX.Element {
  const hindrance = hindranceOf(device);
  const level = device.sharing.value ? "blurred" : "only-me";
  const turn = (to: string): void => {
    if (to === "blurred") void device.share();
    else device.stop();
  };
  return (
    <>
      <Dial name="level" legend={say("dial")} value={level} onTurn={turn} kind="levels" off={device.state.value === "over" ? "blurred" : ""}
        options={[["only-me", say("onlyMe")], ["blurred", say("blurred")]]} />
      {hindrance !== null && <p class="hindrance">{hindrance}</p>}
      <Meaning device={device} />
      <Spending device={device} />
      <RoomDial device={device} />
      <Trust device={device} />
    </>
  );
}

function Private({ device, children }: { readonly device: Device; readonly children: ComponentChildren }): JSX.Element {
  return (
    <>
      <p class="lead">{children}</p>
      <p class="aside">{say("onlyMeMeans")}</p>
      {device.hub.value === "ready" && <RoomDial device={device} />}
      <Trust device={device} />
    </>
  );
}

function RoomDial({ device }: { readonly device: Device }): JSX.Element {
  return (
    <div>
      <Dial name="room" legend={say("room")} value={device.letting.value} onTurn={(to) => device.lookFor(to as Letting)} kind="letting"
        options={[["none", say("roomNone")], ["glimpse", say("roomGlimpse")], ["all", say("roomAll")]]} />
      <p class="room-said">{roomOf(device)}</p>
    </div>
  );
}

function roomOf(device: Device): string {
  const frame = device.frame.value;
  if (frame?.state !== "open") return "";
  const time = say.time(frame.at * 1000);
  return frame.people === null ? say("roomAt", { time }) : say("roomPeople", { time, n: frame.people });
}

interface DialProps {
  readonly name: string;
  readonly legend: string;
  readonly value: string;
  readonly kind: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onTurn: (value: string) => void;
  /** An option that cannot be had just now. */
  readonly off?: string;
}

function Dial({ name, legend, value, kind, options, onTurn, off }: DialProps): JSX.Element {
  return (
    <fieldset class={`dial ${kind}`}>
      <legend>{legend}</legend>
      <div class="options">
        {options.map(([option, label]) => (
          <label key={option} class={`option ${option}`}>
            <input type="radio" name={name} value={option} checked={option === value} disabled={option === off} onChange={() => onTurn(option)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Which of the three promises holds, and what a hub sees in any case. */
function Trust({ device }: { readonly device: Device }): JSX.Element {
  const ground = groundOf(window.location, device.address.value);
  const said = { hub: "trustHub", other: "trustOther", plain: "trustPlain" } as const;
  return (
    <details class="trust">
      <summary>{say("trust")}</summary>
      <p>{say(said[ground], { origin: window.location.origin })}</p>
      <p>{say("trustSeen")}</p>
    </details>
  );
}

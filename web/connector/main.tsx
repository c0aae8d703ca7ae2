/** The join page: starts the device and shows it. */
import { render } from "preact";
import { Device } from "./device.ts";
import { Join } from "./join.tsx";
import { direction, locale } from "./say.ts";

document.documentElement.lang = locale;
document.documentElement.dir = direction;

const device = new Device();
device.start(window.location);
render(<Join device={device} />, document.getElementById("page") as HTMLElement);

// The code in a hall may be scanned while this page is open: another hub is another page.
window.addEventListener("hashchange", () => window.location.reload());

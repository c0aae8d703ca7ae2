// Takes part through the documented formats alone: Node's `ws`, and nothing of ours (docs/reference/).
// Called with the hub's address; prints one JSON object: what the intake answered and the frame that came.
import { createHash, randomBytes } from "node:crypto";
import { createRequire } from "node:module";

// Packages are those of web/, wherever this file lies.
const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { WebSocket } = require("ws");

const hub = process.argv[2];
const space = await (await fetch(`${hub}/v1/space`)).json();
const canonical = space.tasks[0];
const task = JSON.parse(canonical);

const report = Buffer.alloc(61);
report.set([0x94, 0xc4, 0x20], 0);
createHash("sha256").update(canonical).digest().copy(report, 3);
report[35] = 0xce;
report.writeUInt32BE(Math.floor(space.now / 1000 / task.window), 36);
report[40] = 0xcd;
report.writeUInt16BE(7, 41);
report.set([0xc4, 0x10], 43);
randomBytes(12).copy(report, 45);

const sockets = hub.replace(/^http/, "ws");
const answers = await new Promise((resolve, reject) => {
  const heard = [];
  const intake = new WebSocket(`${sockets}/v1/intake`);
  intake.on("error", reject);
  intake.on("open", () => {
    intake.send(report);
    intake.send(report.subarray(1));
    intake.send(report);
  });
  intake.on("message", (data) => {
    heard.push(JSON.parse(data.toString()));
    if (heard.at(-1).ack === 3) {
      intake.close();
      resolve(heard);
    }
  });
});
const frame = await new Promise((resolve, reject) => {
  const watch = new WebSocket(`${sockets}/v1/watch`);
  watch.on("error", reject);
  watch.on("message", (data) => {
    const heard = JSON.parse(data.toString());
    if (heard.state !== "open") return;
    watch.close();
    resolve(heard);
  });
});
console.log(JSON.stringify({ answers, frame }));

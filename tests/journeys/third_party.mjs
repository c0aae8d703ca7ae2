// Node's `ws` against a hub, by the documented formats alone. Prints what it was answered and the frame that followed.
import { createHash, randomBytes } from "node:crypto"

const [, , wsModule, hub] = process.argv
const { default: WebSocket } = await import(wsModule)
const space = await (await fetch(`${hub}/v1/space`)).json()
const canonical = space.tasks[0]
const task = JSON.parse(canonical)
const epoch = Math.floor(Date.now() / 1000 / task.window)

const report = Buffer.alloc(61)
report.set([0x94, 0xc4, 0x20], 0)
createHash("sha256").update(canonical, "utf8").digest().copy(report, 3)
report[35] = 0xce
report.writeUInt32BE(epoch, 36)
report[40] = 0xcd
report.writeUInt16BE(7, 41)
report.set([0xc4, 0x10], 43)
randomBytes(12).copy(report, 45)

const address = hub.replace("http", "ws")
const answers = []
const intake = new WebSocket(`${address}/v1/intake`)
intake.on("open", () => intake.send(report))
intake.on("message", (data) => answers.push(JSON.parse(data.toString())))
const watch = new WebSocket(`${address}/v1/watch`)
watch.on("message", (data) => {
  const frame = JSON.parse(data.toString())
  if (frame.at <= epoch * task.window || answers.length === 0) return
  console.log(JSON.stringify({ answers, frame }))
  process.exit(0)
})
setTimeout(() => process.exit(1), 30_000)

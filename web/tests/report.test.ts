import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "../shared/bytes.ts";
import { decodeReport, encodeReport, MalformedReport, REPORT_BYTES, REPORT_PARTS } from "../shared/report.ts";
import { vectors } from "./vectors.ts";

interface Good {
  readonly name: string;
  readonly bytes: string;
  readonly task: string;
  readonly epoch: number;
  readonly output: number;
  readonly connection: string;
  readonly number: number;
}
interface Vectors {
  readonly good: readonly Good[];
  readonly bad: readonly { readonly name: string; readonly bytes: string }[];
}

const { good, bad } = vectors<Vectors>("report/reports.json");

for (const { name, bytes, task, connection, ...numbers } of good) {
  test(`a report has these 61 bytes: ${name}`, () => {
    const report = { task: fromHex(task), connection: fromHex(connection), ...numbers, name: undefined };
    assert.equal(toHex(encodeReport(report)), bytes);
    const { task: id, connection: visit, ...read } = decodeReport(fromHex(bytes));
    assert.deepEqual([toHex(id), toHex(visit), read], [task, connection, numbers]);
  });
}

for (const { name, bytes } of bad) {
  test(`what is not a report is refused: ${name}`, () => assert.throws(() => decodeReport(fromHex(bytes)), MalformedReport));
}

test("numbers that do not fit are refused", () => {
  const report = decodeReport(fromHex((good[0] as Good).bytes));
  for (const wrong of [{ epoch: 2 ** 32 }, { output: 65_536 }, { output: -1 }, { number: 0.5 }, { task: new Uint8Array(31) }]) {
    assert.throws(() => encodeReport({ ...report, ...wrong }), MalformedReport);
  }
});

test("the parts that people are shown cover every byte once", () => {
  const ends = REPORT_PARTS.map(({ offset, length }) => offset + length);
  assert.deepEqual(REPORT_PARTS.map(({ offset }) => offset), [0, ...ends.slice(0, -1)]);
  assert.equal(ends.at(-1), REPORT_BYTES);
});

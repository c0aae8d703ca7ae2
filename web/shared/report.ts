/**
 * A report: the 61 bytes that leave a device at level *veiled* (`docs/reference/formats.md`, "Report").
 *
 * Always in the widest form, so that its length says nothing.
 */

export interface Report {
  /** 32 bytes. */
  readonly task: Uint8Array;
  /** `floor(unix time / window)`. */
  readonly epoch: number;
  /** The randomised output. */
  readonly output: number;
  /** 12 random bytes, drawn afresh each time a person opts in. */
  readonly connection: Uint8Array;
  /** Counts the connection's reports from 0. */
  readonly number: number;
}

export const REPORT_BYTES = 61;

/** Offset and length of every part, in order; what a page shows when asked "what exactly?". */
export const REPORT_PARTS = [
  { key: "array", offset: 0, length: 1 },
  { key: "task", offset: 1, length: 34 },
  { key: "epoch", offset: 35, length: 5 },
  { key: "output", offset: 40, length: 3 },
  { key: "connection", offset: 43, length: 14 },
  { key: "number", offset: 57, length: 4 },
] as const;

/** These are not the 61 bytes of a report. */
export class MalformedReport extends Error {
  override readonly name = "MalformedReport";
}

/** The 61 bytes of a report; throws `MalformedReport` when a field does not fit. */
export function encodeReport(report: Report): Uint8Array<ArrayBuffer> {
  const fits = report.task.length === 32 && report.connection.length === 12
    && within(report.epoch, 2 ** 32) && within(report.output, 2 ** 16) && within(report.number, 2 ** 32);
  if (!fits) throw new MalformedReport("A field of the report does not fit its place.");
  const bytes = new Uint8Array(REPORT_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([0x94, 0xc4, 0x20], 0);
  bytes.set(report.task, 3);
  bytes[35] = 0xce;
  view.setUint32(36, report.epoch);
  bytes[40] = 0xcd;
  view.setUint16(41, report.output);
  bytes.set([0xc4, 0x10], 43);
  bytes.set(report.connection, 45);
  view.setUint32(57, report.number);
  return bytes;
}

/** Reads 61 bytes; throws `MalformedReport`. */
export function decodeReport(bytes: Uint8Array): Report {
  const marks: readonly (readonly [number, number])[] = [
    [0, 0x94], [1, 0xc4], [2, 0x20], [35, 0xce], [40, 0xcd], [43, 0xc4], [44, 0x10],
  ];
  if (bytes.length !== REPORT_BYTES || marks.some(([offset, mark]) => bytes[offset] !== mark)) {
    throw new MalformedReport("These are not the 61 bytes of a report.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    task: bytes.slice(3, 35),
    epoch: view.getUint32(36),
    output: view.getUint16(41),
    connection: bytes.slice(45, 57),
    number: view.getUint32(57),
  };
}

function within(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}

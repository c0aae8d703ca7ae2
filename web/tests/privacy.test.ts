/** The veil, the guesses and the ledger in TypeScript, held to the vectors that Python reads too. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { drawsIn, pleasantOrUnpleasant, timesInTen } from "../connector/guess.ts";
import {
  CeilingExceeded, CEILINGS, type Entry, DAY_MS, decodeEntry, encodeEntry, HOUR_MS, Ledger, LedgerDamaged, NotCovered,
  type Promised, promise, promiseOf, type Reading,
} from "../connector/ledger.ts";
import { below, belowFrom, randomBytes, randomPart } from "../connector/random.ts";
import { compare, formatRational, parseRational } from "../shared/rational.ts";
import { type Channel, ChannelOutOfRange, diskChannel, exponentialFromBelow, randomise, row } from "../connector/veil.ts";

const FOLDER = new URL("../../tests/vectors/privacy/", import.meta.url);

function read(name: string): any {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf-8"));
}

function checksum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => Number((BigInt(total) * 31n + BigInt(number)) % (2n ** 31n - 1n)), 0);
}

function rows(channel: Channel): number[][] {
  return Array.from({ length: channel.inputs }, (_, answer) => row(channel, answer));
}

test("every channel is the documented one, integer for integer", () => {
  for (const vector of read("channels.json")) {
    const channel = diskChannel(vector.side, parseRational(vector.epsilon));
    const said = {
      side: channel.side,
      epsilon: formatRational(channel.epsilon),
      radius_squared: channel.radiusSquared,
      outputs: channel.outputs,
      low: channel.low,
      high: channel.high,
      total: channel.total,
      bland: channel.bland,
      positions: checksum(channel.positions.flat().map((index) => index + 64)),
      rows: checksum(rows(channel).flat()),
      slots: checksum(channel.disks.flat()),
    };
    assert.deepEqual(said, vector);
  }
});

test("the worst ratio of every channel is at most e^epsilon, and every row has one sum", () => {
  for (const { side, epsilon } of read("channels.json")) {
    const channel = diskChannel(side, parseRational(epsilon));
    const all = rows(channel);
    for (const weights of all) assert.equal(weights.reduce((sum, weight) => sum + weight, 0), channel.total);
    assert.ok(channel.total < 2 ** 32);
    const bound = exponentialFromBelow(channel.epsilon);
    for (let output = 0; output < channel.outputs; output++) {
      const column = all.map((weights) => weights[output] as number);
      const [least, most] = [Math.min(...column), Math.max(...column)];
      assert.ok(least > 0);
      assert.ok(BigInt(most) * bound.denominator <= BigInt(least) * bound.numerator, `${side} ${epsilon} ${output}`);
    }
  }
});

test("the series stays below the exponential", () => {
  for (const text of ["1/1000", "1/2", "1", "2", "16"]) {
    const epsilon = parseRational(text);
    const bound = exponentialFromBelow(epsilon);
    const e = Math.exp(Number(epsilon.numerator) / Number(epsilon.denominator));
    const ours = Number((bound.numerator * 10n ** 9n) / bound.denominator) / 1e9;
    assert.ok(ours <= e * (1 + 1e-15) && ours > e * (1 - 1e-9) - 1e-9);
  }
});

test("a draw leads to the documented output", () => {
  for (const { side, epsilon, answers, draws, outputs } of read("draws.json")) {
    const channel = diskChannel(side, parseRational(epsilon));
    const said = answers.map((answer: number) => draws.map((draw: number) => randomise(channel, answer, () => draw)));
    assert.deepEqual(said, outputs);
  }
});

test("sides, epsilons and inputs that have no channel are refused", () => {
  for (const [side, epsilon] of [[1, "2"], [17, "2"], [2.5, "2"], [8, "0"], [8, "17"], [8, "1/1000000"]] as const)
    assert.throws(() => diskChannel(side, parseRational(epsilon)), ChannelOutOfRange);
  const channel = diskChannel(8, parseRational("2"));
  for (const answer of [-1, 65, 1.5, NaN]) assert.throws(() => randomise(channel, answer, below), ChannelOutOfRange);
});

test("uniform integers favour no value", () => {
  let next = 0;
  const counting = belowFrom((count) => Uint8Array.from({ length: count }, () => next++ % 256));
  const seen = new Map<number, number>();
  for (let i = 0; i < 5 * 32; i++) seen.set(counting(5), (seen.get(counting(5)) ?? 0) + 1);
  assert.deepEqual([...seen.keys()].sort(), [0, 1, 2, 3, 4]);
  assert.equal(belowFrom(() => Uint8Array.of(255, 255, 255, 255))(2 ** 32), 2 ** 32 - 1);
  assert.equal(belowFrom(() => Uint8Array.of())(1), 0);
  assert.equal(randomBytes(12).length, 12);
  assert.ok(randomPart() >= 0 && randomPart() < 1);
});

test("a guess is the documented one, and takes a phone a moment", () => {
  for (const { side, epsilon, reports, parts, exact, ten } of read("guess.json")) {
    const channel = diskChannel(side, parseRational(epsilon));
    const begun = performance.now();
    const figure = pleasantOrUnpleasant(channel, reports);
    const took = performance.now() - begun;
    assert.deepEqual([Math.round(figure.success * 1e6), figure.exact, timesInTen(figure.success)], [parts, exact, ten]);
    assert.ok(took < 400, `${side} ${epsilon} ${reports} took ${took} ms`);
  }
});

test("the default task: 8 times in 10 after an hour", () => {
  const asked = promiseOf({ unit: 900, epsilon: parseRational("2"), epsilonHour: parseRational("8"), epsilonDay: parseRational("16") });
  assert.equal(drawsIn(asked, HOUR_MS), 4);
  assert.equal(drawsIn(asked, DAY_MS), 8);
  assert.equal(timesInTen(pleasantOrUnpleasant(diskChannel(8, parseRational("2")), 4).success), 8);
});

function promised(vector: any): Promised {
  const [epsilon, hour, day] = [vector.epsilon, vector.hour, vector.day].map(parseRational) as [any, any, any];
  return { unitMs: vector.unit_ms, epsilon, hour, day };
}

test("the ledger tells the documented stories", () => {
  for (const story of read("ledger.json").stories) {
    let ledger = Ledger.restore([]);
    const lines: string[] = [];
    for (const step of story.steps) {
      if (story.restore) ledger = Ledger.restore(lines.map(decodeEntry));
      const at: Reading = { wallMs: step.reading.wall_ms, monoMs: step.reading.mono_ms, run: step.reading.run };
      const answer = ledger.ask(promised(step.promise), at);
      const { answer: told } = step;
      if (answer.kind === "covered") lines.push(encodeEntry(ledger.debit(promised(step.promise), at)));
      else assert.throws(() => ledger.debit(promised(step.promise), at), NotCovered);
      assert.deepEqual(
        answer,
        told.covered
          ? { kind: "covered", atMs: told.at_ms }
          : { kind: "not-covered", untilMs: told.until_ms, waitMs: told.wait_ms, which: told.which },
        story.name,
      );
      assert.equal(formatRational(ledger.spent(HOUR_MS, at).epsilon), step.hour);
      assert.equal(formatRational(ledger.spent(DAY_MS, at).epsilon), step.day);
    }
    assert.deepEqual(lines, story.lines);
  }
});

test("promises above the ceilings are refused, and those that one report would break", () => {
  for (const { promise: vector, error } of read("ledger.json").promises) {
    if (error === null) assert.ok(promise(promised(vector)));
    else assert.throws(() => promise(promised(vector)), { name: error });
  }
  assert.throws(() => Ledger.restore([]).ask({ ...CEILINGS, unitMs: 1 }, { wallMs: 0, monoMs: 0, run: "a" }), CeilingExceeded);
});

test("lines are read in their one form only", () => {
  const { good_lines, bad_lines } = read("ledger.json");
  for (const line of good_lines) assert.equal(encodeEntry(decodeEntry(line)), line);
  for (const line of bad_lines) assert.throws(() => decodeEntry(line), LedgerDamaged);
});

test("entries survive the browser's own store and a gap does not", () => {
  const ledger = Ledger.restore([]);
  const at = (minute: number): Reading => ({ wallMs: minute * 60_000, monoMs: minute * 60_000, run: "page" });
  const entries: Entry[] = [ledger.mark(at(0)), ledger.debit(CEILINGS, at(1)), ledger.debit(CEILINGS, at(6))];
  const kept = structuredClone(entries);
  assert.deepEqual(Ledger.restore(kept).entries, ledger.entries);
  assert.throws(() => Ledger.restore([kept[0] as Entry, kept[2] as Entry]), LedgerDamaged);
  assert.throws(() => Ledger.restore([{ ...(kept[0] as Entry), epsilon: parseRational("1") }]), LedgerDamaged);
  assert.equal(compare(ledger.spent(HOUR_MS, at(6)).epsilon, parseRational("4")), 0);
});

test("a clock set forward shows as a lead until it is marked", () => {
  const ledger = Ledger.restore([]);
  const jumped: Reading = { wallMs: 3_660_000, monoMs: 60_000, run: "page" };
  ledger.debit(CEILINGS, { wallMs: 0, monoMs: 0, run: "page" });
  assert.equal(ledger.leadMs(jumped), 3_600_000);
  const entry = ledger.mark(jumped);
  assert.equal(ledger.leadMs(jumped), 0);
  const again = Ledger.restore([entry]).ask(CEILINGS, { wallMs: 3_661_000, monoMs: 0, run: "next" });
  assert.deepEqual(again, { kind: "covered", atMs: 61_000 });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HubError, hubAddress, socketAddress } from "../shared/api.ts";
import { toHex } from "../shared/bytes.ts";
import { colourAt, css, PLEASANT_HUE, rgb, UNPLEASANT_HUE } from "../shared/colour.ts";
import { cellAt, cellCentre } from "../shared/grid.ts";
import { sha256 } from "../shared/sha256.ts";
import { chooseLocale, directionOf, speaker } from "../shared/strings.ts";
import { join, stage } from "../shared/strings/en.ts";
import { nearest, WORDS } from "../shared/words.ts";
import { vectors } from "./vectors.ts";

test("SHA-256 is SHA-256, for every length around its blocks", () => {
  for (let length = 0; length < 260; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) % 256);
    assert.equal(toHex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"));
  }
});

test("points lie in the same cells as in Python", () => {
  interface Vector { readonly side: number; readonly valence: number; readonly arousal: number; readonly cell: number }
  for (const { side, cell, ...point } of vectors<readonly Vector[]>("report/grid.json")) {
    assert.equal(cellAt(side, point), cell);
    assert.equal(cellAt(side, cellCentre(side, cell)), cell);
  }
  assert.throws(() => cellAt(8, { valence: 1.01, arousal: 0 }), RangeError);
  assert.throws(() => cellAt(8, { valence: Number.NaN, arousal: 0 }), RangeError);
});

test("colour is where people are: hue by side, chroma by distance from the middle, lightness by arousal", () => {
  assert.deepEqual(colourAt(1, 1), { l: 0.84, c: 0.16, h: PLEASANT_HUE });
  assert.deepEqual(colourAt(-0.5, -1), { l: 0.5, c: 0.08, h: UNPLEASANT_HUE });
  assert.equal(colourAt(0, 0).c, 0);
  assert.equal(css(colourAt(-1, 1), 0.5), "oklch(0.8400 0.1600 255 / 0.5000)");
});

test("OKLCH becomes the sRGB that CSS Color 4 says", () => {
  const near = (one: readonly number[], other: readonly number[]): boolean =>
    one.every((part, index) => Math.abs(part - (other[index] as number)) < 0.002);
  assert.ok(near(rgb({ l: 1, c: 0, h: 0 }), [1, 1, 1]));
  assert.ok(near(rgb({ l: 0, c: 0, h: 0 }), [0, 0, 0]));
  // Blue of sRGB is oklch(0.45201 0.31321 264.05).
  assert.ok(near(rgb({ l: 0.45201, c: 0.31321, h: 264.052 }), [0, 0, 1]));
});

test("a hub's address comes from the page's own address", () => {
  const at = (hash: string, origin = "https://page.example"): string => hubAddress({ hash, origin }).href;
  assert.equal(at(""), "https://page.example/");
  assert.equal(at("#hub=http://192.168.1.5:8420"), "http://192.168.1.5:8420/");
  assert.equal(at(`#hub=${encodeURIComponent("https://hall.example/partsong?x=1#y")}`), "https://hall.example/partsong/");
  for (const wrong of ["#hub=nonsense", "#hub=javascript:alert(1)", "#hub=https://user:word@hall.example", "#hub="]) {
    assert.throws(() => at(wrong), HubError);
  }
  assert.equal(socketAddress(new URL("https://hall.example/p/"), "v1/watch"), "wss://hall.example/p/v1/watch");
});

test("messages are filled in, and numbers choose their form", () => {
  const say = speaker("en", { left: { one: "{n} part, {b}", other: "{n} parts, {b}" }, plain: "{n} and {missing}" });
  assert.equal(say("left", { n: 1, b: "x" }), "1 part, x");
  assert.equal(say("left", { n: 2, b: "x" }), "2 parts, x");
  assert.equal(say("plain", { n: "$&" }), "$& and {missing}");
  assert.equal(directionOf("he-IL"), "rtl");
  assert.equal(chooseLocale(["de-CH", "en-GB"], ["en"]), "en");
  assert.equal(chooseLocale(["xx"], ["en"]), "en");
});

test("every word on the plane has its name, in the right orientation, and none lies on another", () => {
  for (const { key } of WORDS) assert.ok(key in join && key in stage);
  const high = (key: string): number => WORDS.find((word) => word.key === key)?.valence ?? 0;
  assert.ok(high("glad") > 0 && high("content") > 0 && high("sad") < 0 && high("gloomy") < 0);
  for (const one of WORDS) {
    for (const other of WORDS) {
      if (one !== other) assert.ok(Math.abs(one.valence - other.valence) > 0.12 || Math.abs(one.arousal - other.arousal) > 0.5);
    }
  }
  assert.equal(nearest(0.6, -0.4)[0]?.key, "content");
});

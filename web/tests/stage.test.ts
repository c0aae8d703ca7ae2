/** The stage's thinking: what is shown when, where threads run, where words stand. No browser. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseFrame, type Frame, type Mode } from "../shared/frame.ts";
import { stage as english } from "../shared/strings/en.ts";
import { speaker } from "../shared/strings.ts";
import { ageAt, axisFor, LIVE_PART, LIVE_SECONDS, placeOf } from "../stage/axis.ts";
import { placeAt, strandsOf } from "../stage/cloth.ts";
import { codeOf, spelled } from "../stage/code.ts";
import { blurOf, densityOf, POINTS } from "../stage/field.ts";
import { placeLabels } from "../stage/labels.ts";
import { clothSize, layoutFor, placeInField } from "../stage/layout.ts";
import { remember, type Knot } from "../stage/memory.ts";
import { breathAt, isMoving, resting, towards, valueAt } from "../stage/motion.ts";
import { pictureOf } from "../stage/picture.ts";
import { begin, drainAt, feed, FIRST_MS, invites, lostAt, sceneAt, wakeAt, type Stage } from "../stage/state.ts";
import { coursesOf, LEAST_PX, STRIDE, threadsOf } from "../stage/weave.ts";
import { averageOf, groupsOf, nameOf, partsOf, peopleOf, shareOf, titleOf } from "../stage/words.ts";

const say = speaker("en", english);
const START = 1_789_322_400;

function mode(id: number, valence: number, arousal: number, share: number, error = 300): Mode {
  return {
    id, valence, arousal, spread: [150, 150], share, low: Math.max(0, share - error), high: Math.min(10_000, share + error),
  };
}

function frame(at: number, modes: readonly Mode[], over: Partial<Frame> = {}): Frame {
  const cells = Array.from({ length: 64 }, (_, i) => (i === 36 ? 10_000 : 0));
  return {
    v: 1, space: "hall", tasks: [], at, window: 10, state: "open", people: 210, grid: 8, cells,
    regions: Array.from({ length: 9 }, () => [1111, 800, 1400] as const),
    mean: null, modes, groups: [1, 1], connection: null, individuality: null, ...over,
  };
}

function closed(at: number, state: "nobody" | "below"): Frame {
  return frame(at, [], { state, people: null, cells: [], regions: [], groups: null });
}

const asking = { question: "How is it?", space: "hall", purpose: "light", expiry: START + 3600, join: "http://hub/join" };

/** A stage that has been watching for a minute, with its clock at the hub's. */
function watching(newest: Frame): Stage {
  const at = newest.at * 1000;
  const opened = feed(feed(begin(at - 60_000), { kind: "space", asking, hubNow: at - 60_000 }, at - 60_000), { kind: "opened" }, at - 60_000);
  return feed(opened, { kind: "frame", frame: newest }, at);
}

describe("state", () => {
  test("the first ten seconds are their own scene, then nobody", () => {
    let stage = feed(begin(1000), { kind: "opened" }, 1200);
    stage = feed(stage, { kind: "frame", frame: closed(2, "nobody") }, 2000);
    assert.equal(sceneAt(stage, 5000), "first");
    assert.equal(wakeAt(stage, 5000), 1000 + FIRST_MS);
    assert.equal(sceneAt(stage, 1000 + FIRST_MS), "nobody");
  });

  test("an open frame is shown at once, whatever the page's age", () => {
    const stage = feed(begin(0), { kind: "frame", frame: frame(2, [mode(1, 0, 0, 9000)]) }, 2000);
    assert.equal(sceneAt(stage, 2000), "open");
  });

  test("below the cohort after a cloth keeps the cloth and skips the first seconds", () => {
    const kept = [frame(START, [mode(1, 0, 0, 9000)]), closed(START + 10, "below")];
    let stage = feed(begin(START * 1000), { kind: "space", asking, hubNow: START * 1000 + 10_000 }, START * 1000);
    stage = feed(stage, { kind: "kept", frames: kept }, START * 1000);
    stage = feed(stage, { kind: "opened" }, START * 1000);
    assert.equal(sceneAt(stage, START * 1000 + 1), "below");
    assert.equal(stage.knots.length, 2);
  });

  test("a closed socket is lost after four seconds, a silent one after two and a half windows", () => {
    const at = START * 1000;
    const stage = watching(frame(START, [mode(1, 0, 0, 9000)]));
    assert.equal(lostAt(stage), at + 25_000);
    const parted = feed(stage, { kind: "closed" }, at + 1000);
    assert.equal(lostAt(parted), at + 5000);
    assert.equal(sceneAt(parted, at + 4999), "open");
    assert.equal(sceneAt(parted, at + 5000), "lost");
    assert.equal(drainAt(parted, at + 7500), 0.5);
    assert.equal(drainAt(parted, at + 10_000), 1);
  });

  test("a second close does not put the loss off, and coming back ends it", () => {
    const at = START * 1000;
    let stage = feed(watching(frame(START, [])), { kind: "closed" }, at);
    stage = feed(stage, { kind: "closed" }, at + 3000);
    assert.equal(lostAt(stage), at + 4000);
    stage = feed(feed(stage, { kind: "opened" }, at + 6000), { kind: "frame", frame: frame(START + 10, []) }, at + 6000);
    assert.equal(sceneAt(stage, at + 6000), "open");
  });

  test("a hub whose clock is wrong by an hour is not lost for that", () => {
    const at = START * 1000;
    let stage = feed(begin(at), { kind: "space", asking, hubNow: at + 3_600_000 }, at);
    stage = feed(feed(stage, { kind: "kept", frames: [frame(START + 3600, [])] }, at), { kind: "opened" }, at);
    assert.equal(sceneAt(stage, at + 1000), "open");
  });

  test("the code is shown until there is a picture, and never beside one", () => {
    const at = START * 1000;
    assert.equal(invites(watching(closed(START, "below")), at), true);
    assert.equal(invites(watching(frame(START, [])), at), false);
    assert.equal(invites(watching(frame(START, [])), at + 60_000), false);
    assert.equal(invites(begin(at), at), false);
  });

  test("an older frame never replaces a newer one", () => {
    const stage = feed(watching(frame(START, [])), { kind: "frame", frame: frame(START - 50, []) }, START * 1000);
    assert.equal(stage.newest?.at, START);
    assert.deepEqual(stage.knots.map(({ at }) => at), [START - 50, START]);
  });
});

describe("memory", () => {
  test("two days of frames stay a few hundred knots, and the last ten minutes stay whole", () => {
    let knots: readonly Knot[] = [];
    for (let at = START; at <= START + 7200; at += 10) knots = remember(knots, frame(at, [mode(1, 0, 0, 9000)]));
    assert.ok(knots.length < 200, String(knots.length));
    assert.equal(knots.filter(({ at }) => at > START + 6600).length, 60);
  });

  test("a strand that comes or goes is never thinned away", () => {
    let knots: readonly Knot[] = [];
    for (let i = 0; i < 400; i += 1) {
      const modes = i === 100 ? [mode(1, 0, 0, 8000), mode(2, 500, 0, 900)] : [mode(1, 0, 0, 9000)];
      knots = remember(knots, frame(START + 10 * i, modes));
    }
    assert.ok(knots.some(({ modes }) => modes.length === 2));
  });
});

describe("axis", () => {
  for (const length of [0, 200, 900, 7200, 86_400]) {
    test(`a sitting of ${length} s: monotone, five minutes in their part, back and forth the same`, () => {
      const axis = axisFor(length);
      assert.ok(Math.abs(placeOf(axis, LIVE_SECONDS) - LIVE_PART) < 1e-9);
      if (length > 900) assert.ok(Math.abs(placeOf(axis, length) - 1) < 1e-6);
      let before = -1;
      for (let age = 0; age <= axis.span; age += axis.span / 200) {
        const place = placeOf(axis, age);
        assert.ok(place > before);
        assert.ok(Math.abs(ageAt(axis, place) - age) < 1e-6 * axis.span + 1e-6);
        before = place;
      }
    });
  }
});

function splitKnots(): readonly Knot[] {
  return Array.from({ length: 40 }, (_, i) => {
    const modes = i < 20
      ? [mode(1, 100, 0, 9800)]
      : [mode(1, 500, 200, 5600), mode(2, -500, 300, 4200)];
    return { at: START + 10 * i, window: 10, modes };
  });
}

describe("cloth", () => {
  test("a mode that took its share from another leaves it; both stay strands of their own", () => {
    const [one, two] = strandsOf(splitKnots());
    assert.equal(two?.from, one);
    assert.equal(one?.from, null);
    const before = placeAt(two!, START + 150, 0);
    assert.ok(before !== null && before.valence > -0.5 && before.presence < 1);
    assert.equal(placeAt(two!, START + 10, 0), null);
    const now = placeAt(two!, START + 390, 0);
    assert.equal(now?.valence, -0.5);
  });

  test("a silence is not woven over", () => {
    const knots = [0, 10, 20, 900, 910].map((s) => ({ at: START + s, window: 10, modes: [mode(1, 0, 0, 9000)] }));
    assert.equal(strandsOf(knots).length, 1 + Number(900 - 20 > 605));
    assert.equal(placeAt(strandsOf(knots)[0]!, START + 400, 0), null);
  });
});

describe("weave", () => {
  const size = { width: 800, height: 560 };

  function coursesAtNow(modes: readonly Mode[]) {
    const knots = Array.from({ length: 40 }, (_, i) => ({ at: START + 10 * i, window: 10, modes }));
    const now = START + 390;
    return { courses: coursesOf(strandsOf(knots), axisFor(390), now, size), now };
  }

  test("a split is dark between its strands", () => {
    const strands = strandsOf(splitKnots());
    const courses = coursesOf(strands, axisFor(390), START + 390, size);
    const [one, two] = courses.map(({ points }) => points[0]!);
    assert.ok(two!.y - two!.reach - (one!.y + one!.reach) > 0.1);
    const lines = threadsOf(courses, axisFor(390), START + 390, size, 240);
    for (let i = 0; i < lines.data.length; i += STRIDE) {
      if (Math.abs(lines.data[i]!) > 1) continue;
      const y = lines.data[i + 1]!;
      assert.ok(y < one!.y + 1.3 * one!.reach || y > two!.y - 1.3 * two!.reach, `a thread at ${y}`);
    }
  });

  test("a small strand is never thinner than three pixels", () => {
    const { courses } = coursesAtNow([mode(1, 500, 0, 9900), mode(2, -500, 0, 90, 40)]);
    const small = courses.find(({ strand }) => strand.id === 2)!;
    assert.ok(2 * small.points[0]!.core * size.height >= LEAST_PX - 1e-9);
  });

  test("a wider error frays a strand further", () => {
    const reach = (error: number): number => coursesAtNow([mode(1, 0, 0, 5000, error)]).courses[0]!.points[0]!.reach;
    assert.ok(reach(1500) > 1.15 * reach(200));
  });

  test("strands in one place are laid side by side, the stirred one above", () => {
    const { courses } = coursesAtNow([mode(1, 500, -600, 5000), mode(2, 500, 600, 3000)]);
    const [quiet, stirred] = courses.map(({ points }) => points[0]!);
    assert.ok(stirred!.y + stirred!.core < quiet!.y - quiet!.core + 0.02);
  });

  test("the same sitting is the same cloth, to the last thread", () => {
    const draw = () => {
      const { courses, now } = coursesAtNow([mode(1, 500, 0, 7000), mode(2, -300, 0, 2000)]);
      return threadsOf(courses, axisFor(390), now, size, 200).data;
    };
    assert.deepEqual(draw(), draw());
  });
});

describe("field", () => {
  test("everybody in one cell is brightest there, and its blur grows with the error", () => {
    const density = densityOf(frame(START, []));
    const brightest = density.indexOf(Math.max(...density));
    const [row, column] = [Math.floor(brightest / POINTS), brightest % POINTS];
    assert.ok(Math.abs(row - POINTS / 2) < 5 && Math.abs(column - POINTS / 2) < 5);
    const wide = frame(START, [], { regions: Array.from({ length: 9 }, () => [2000, 0, 4000] as const) });
    assert.ok(blurOf(wide) > blurOf(frame(START, [])) * 1.3);
  });

  test("nobody is no light at all", () => {
    assert.equal(Math.max(...densityOf(closed(START, "nobody"))), 0);
  });
});

describe("picture", () => {
  test("what is below the cohort has no thread", () => {
    const picture = pictureOf(watching(closed(START, "below")), layoutFor(1366, 600, 20, true));
    assert.equal(picture.threads.data.length, 0);
    assert.equal(picture.roving.data.length, 0);
    assert.ok(picture.warp.data.length > 0);
  });

  test("pleasant is up and stirred is right, at every size", () => {
    for (const [width, height] of [[390, 600], [1366, 600], [1920, 850]] as const) {
      const layout = layoutFor(width, height, 20, false);
      const [low, high] = [placeInField(layout, -1, -1), placeInField(layout, 1, 1)];
      assert.ok(high.y < low.y && high.x > low.x);
      assert.ok(low.x >= layout.reed && high.x <= width);
      assert.ok(clothSize(layout).width > 0.55 * width);
    }
  });
});

describe("labels", () => {
  const want = (id: number, top: number, bottom: number, share = 1000) =>
    ({ id, height: 40, y: (top + bottom) / 2, band: { top, bottom }, share });

  test("no label lies on a strand or on another label", () => {
    const wanted = [want(1, 100, 160, 4000), want(2, 165, 190, 2000), want(3, 400, 420), want(4, 425, 500, 3000)];
    const placed = placeLabels(wanted, 0, 600, 80);
    assert.equal(placed.length, 4);
    const boxes = placed.map(({ top }) => [top, top + 40] as const);
    for (const [top, bottom] of boxes) {
      for (const { band } of wanted) assert.ok(bottom <= band.top || top >= band.bottom);
      assert.equal(boxes.filter(([t, b]) => t < bottom && b > top).length, 1);
    }
  });

  test("a label without room near its strand is left to the list", () => {
    const placed = placeLabels([want(1, 10, 300, 5000), want(2, 305, 310), want(3, 315, 590, 4000)], 0, 600, 40);
    assert.equal(placed.some(({ id }) => id === 2), false);
  });
});

describe("words", () => {
  test("strands are named with the words at the edges, and a share never stands without its error", () => {
    assert.equal(nameOf(mode(1, 500, 600, 0), say), "pleasant, stirred");
    assert.equal(nameOf(mode(1, -500, 0, 0), say), "unpleasant");
    assert.equal(nameOf(mode(1, 0, 0, 0), say), "in the middle");
    assert.equal(nameOf({ ...mode(1, 0, 0, 0), spread: [558, 513] }, say), "all over the plane");
    assert.equal(shareOf({ share: 4100, low: 3600, high: 4550 }, say), "41 %, ± 5");
    assert.equal(shareOf({ share: 430, low: 0, high: 900 }, say), "perhaps 4 %");
    assert.equal(shareOf({ share: 20, low: 0, high: 300 }, say), "perhaps a few");
  });

  test("people and groups are said only when the frame gives them", () => {
    assert.equal(peopleOf(frame(START, []), say, "en-GB"), "*about 210* people");
    assert.equal(peopleOf(frame(START, [], { people: null }), say, "en-GB"), null);
    assert.equal(groupsOf(frame(START, [], { groups: [3, 4] }), say), "*3 or 4* groups");
    assert.equal(groupsOf(frame(START, [], { groups: [1, 1] }), say), "*1* group");
    assert.equal(groupsOf(frame(START, [], { groups: [2, 4] }), say), "*2 to 4* groups");
    assert.equal(groupsOf(closed(START, "below"), say), null);
  });

  test("the average says how many are near it", () => {
    const mean = { valence: [0, 0, 0] as const, arousal: [0, 0, 0] as const, near: 612 };
    assert.equal(averageOf(frame(START, [], { mean }), say), "the average: about 6 % are near it");
    assert.equal(averageOf(frame(START, [], { mean: { ...mean, near: 12 } }), say), "the average: hardly anyone is near it");
  });

  test("small things", () => {
    assert.equal(titleOf("evening-rehearsal"), "Evening rehearsal");
    assert.deepEqual(partsOf("a *b* c"), ["a ", "b", " c"]);
    assert.equal(spelled("https://hall.example/join/"), "hall.example/join");
  });
});

describe("code", () => {
  test("finder patterns stand in three corners, and the quiet zone is clear", () => {
    const { side, path } = codeOf("http://192.168.1.20:8000/join");
    assert.equal((side - 6 - 17) % 4, 0);
    assert.ok(path.startsWith("M3 3h7v1h-7z"));
    for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
      assert.ok(Number(x) >= 3 && Number(y) >= 3 && Number(x) + Number(length) <= side - 3);
    }
  });
});

describe("motion", () => {
  test("a value goes from where it is, arrives, and rests", () => {
    const way = towards(resting(1), 0, 100, 1000);
    assert.equal(valueAt(way, 100), 1);
    assert.equal(valueAt(way, 600), 0.5);
    assert.equal(valueAt(way, 5000), 0);
    assert.equal(isMoving(way, 1099), true);
    assert.equal(isMoving(way, 1100), false);
  });

  test("a breath begins and ends without a jump", () => {
    assert.equal(breathAt(0), 0);
    assert.ok(breathAt(5000) > 2 * breathAt(10_000));
    for (let at = 0; at < 10_000; at += 50) assert.ok(Math.abs(breathAt(at + 50) - breathAt(at)) < 0.03);
  });
});

test("the frames of these tests are frames", () => {
  assert.equal(parseFrame(JSON.stringify(frame(START, [mode(1, 0, 0, 9000)]))).at, START);
});

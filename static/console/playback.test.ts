import { describe, expect, it } from "vitest";
import type { RecordedFile } from "./pastcall";
import { markAt, marksOf, missingAt, placeOf, tilesOf } from "./playback";

const file = (name: string, ...sources: string[]): RecordedFile => ({
  file: name,
  tracks: sources.map((source) => ({ kind: source.endsWith("microphone") ? "audio" : "video", source })),
});

describe("what can be played", () => {
  it("is every source, the visitor first, people before papers and screens", () => {
    const files = [
      file("kiosk.screen", "kiosk.screen"), file("staff", "staff.face", "staff.microphone"), file("kiosk.document", "kiosk.document"),
      file("guest", "guest.face", "guest.microphone"), file("kiosk", "kiosk.face", "kiosk.microphone"), file("staff.screen", "staff.screen"),
    ];
    expect(tilesOf({ files }).map((tile) => tile.file)).toEqual([
      "kiosk", "staff", "guest", "kiosk.document", "kiosk.screen", "staff.screen",
    ]);
    expect(tilesOf({ files: [file("kiosk.document", "kiosk.document")] })).toEqual([
      { file: "kiosk.document", side: "kiosk", what: "document", source: "kiosk.document" },
    ]);
  });
  it("may be a voice alone, and a side that nobody expected", () => {
    const tiles = tilesOf({ files: [file("observer", "observer.microphone"), file("staff", "staff.microphone")] });
    expect(tiles).toEqual([
      { file: "staff", side: "staff", what: "", source: "staff.microphone" },
      { file: "observer", side: "observer", what: "", source: "observer.microphone" },
    ]);
  });
});

describe("what was not kept", () => {
  const facts = {
    pauses: [{ from: 10, to: 14 }, { from: 20, to: 20 }],
    gaps: [
      { source: "", from: 5, to: 6.2, why: "part" },
      { source: "kiosk.face", from: 10, to: 14.8, why: "pause" },
      { source: "kiosk.face", from: 30, to: 30.3, why: "missing" },
      { source: "kiosk.face", from: 40, to: 44, why: "missing" },
    ],
  };
  it("is marked once, in order, with why", () => {
    expect(marksOf(facts)).toEqual([{ from: 5, to: 6.2, why: "part" }, { from: 10, to: 14, why: "pause" }]);
    expect(markAt(marksOf(facts), 10)?.why).toBe("pause");
    expect([markAt(marksOf(facts), 9.99), markAt(marksOf(facts), 14)]).toEqual([null, null]);
  });
  it("may concern one source", () => {
    expect([10, 30.1, 41, 44].map((time) => missingAt(facts, "kiosk.face", time))).toEqual([true, false, true, false]);
    expect(missingAt(facts, "staff.face", 41)).toBe(false);
  });
  it("has its place on the line", () => {
    expect(placeOf({ from: 5, to: 10 }, 20)).toEqual({ left: "25.00%", width: "25.00%" });
    expect(placeOf({ from: 15, to: 30 }, 20)).toEqual({ left: "75.00%", width: "25.00%" });
    expect(placeOf({ from: 1, to: 2 }, 0).width).toBe("0%");
  });
});

import { describe, expect, it } from "vitest";
import type { StaffCall, StaffMirror } from "@/core/wire";
import { keysOf } from "@/shared/i18n";
import { recordedSides, talkedSeconds, type PastCall, type RecordingFacts } from "./pastcall";
import { keyName } from "./shortcuts";
import { bytesText, liveCall, noticeOf, phaseOf } from "./visit";
import { en } from "./words/en";
import { zh } from "./words/zh";

const call = (change: Partial<StaffCall>): StaffCall => ({
  call: "c1", phase: "ringing", kiosk: "k1", kiosk_city: "wuhu", kiosk_centre: "芜湖市政务服务中心", city: "songjiang",
  item: 1, item_name: "内资有限公司设立", waited: 3, recording: "off", recording_bytes: 0, media: 1, asked_at: "2026-01-01T00:00:00Z",
  ring_ends_at: null, answered_at: null, ended_at: null, reason: null, wrap_up: false, ...change,
});
const mirror = (change: Partial<StaffMirror>): StaffMirror => ({
  staff: "s1", name: "王小萌", number: "SJ-0107", centre: "松江区行政服务中心", state: "ready", line: [], call: null,
  server_time: "2026-01-01T00:00:00Z", ...change,
});

describe("phase", () => {
  it("follows the call while there is one that asks something", () => {
    expect(phaseOf(null)).toBe("loading");
    expect(phaseOf(mirror({}))).toBe("ready");
    expect(phaseOf(mirror({ call: call({ phase: "connecting" }) }))).toBe("connecting");
    expect(phaseOf(mirror({ call: call({ phase: "ended", wrap_up: true }) }))).toBe("ended");
    expect(phaseOf(mirror({ state: "break", call: call({ phase: "ended" }) }))).toBe("break");
    expect(liveCall(mirror({ call: call({ phase: "ended" }) }))).toBeNull();
  });
});

describe("notice", () => {
  it("tells of a ring that went away by itself, and of nothing else", () => {
    const rang = call({});
    expect(noticeOf(rang, mirror({}), null)).toEqual({ code: "passed_on" });
    expect(noticeOf(rang, mirror({}), "c1")).toBeNull();
    expect(noticeOf(rang, mirror({ call: call({ phase: "ended", reason: "visitor_left" }) }), null)).toEqual({ code: "visitor_left" });
    expect(noticeOf(rang, mirror({ call: call({ phase: "connecting" }) }), null)).toBeNull();
    expect(noticeOf(call({ phase: "talking" }), mirror({}), null)).toBeNull();
    expect(noticeOf(null, mirror({}), null)).toBeNull();
  });
});

describe("past calls", () => {
  const past = { answered_at: "2026-01-01T00:00:10Z", ended_at: "2026-01-01T00:01:15Z" } as PastCall;

  it("count talking, not waiting", () => {
    expect(talkedSeconds(past)).toBe(65);
    expect(talkedSeconds({ ...past, answered_at: null })).toBeNull();
  });

  it("know which sides were recorded", () => {
    const facts = (...sides: RecordingFacts["sides"]) => ({ sides }) as RecordingFacts;
    expect(recordedSides(facts("staff"))).toEqual(["staff"]);
    expect(recordedSides(facts("staff", "kiosk"))).toEqual(["kiosk", "staff"]);
    expect(recordedSides(facts())).toEqual([]);
  });
});

describe("small words", () => {
  it("name keys and bytes", () => {
    expect(keyName({ key: "Enter", ctrlKey: true, altKey: false, metaKey: false })).toBe("Ctrl+Enter");
    expect([900, 1536, 184_320, 5_242_880].map(bytesText)).toEqual(["900 B", "1.5 KB", "180 KB", "5.0 MB"]);
  });

  it("exist in both languages", () => expect(keysOf(en)).toEqual(keysOf(zh)));
});

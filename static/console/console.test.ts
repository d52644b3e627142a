import { describe, expect, it } from "vitest";
import { FakeSocket } from "@/core/fakes/socket";
import { Link } from "@/core/link";
import type { ServerToStaff, StaffCall, StaffMirror, StaffToServer } from "@/core/wire";
import { keysOf } from "@/shared/i18n";
import { Desk } from "./desk";
import { dropDraft, keepDraft, readDraft } from "./draft";
import { refreshed, talkedSeconds, type PastCall } from "./pastcall";
import { keyName } from "./shortcuts";
import { bytesText, liveCall, noticeOf, phaseOf } from "./visit";
import { en } from "./words/en";
import { zh } from "./words/zh";

const call = (change: Partial<StaffCall>): StaffCall => ({
  ice_servers: [], relay_only: false, paths: [],
  call: "c1", phase: "ringing", kiosk: "k1", kiosk_city: "wuhu", kiosk_centre: "芜湖市政务服务中心", city: "songjiang",
  item: 1, item_name: "内资有限公司设立", waited: 3, recording: "off", recording_bytes: 0, suspended_by: [], suspended_long: false, media: 1, asked_at: "2026-01-01T00:00:00Z",
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

  it("does not say that a ring was passed on which went away early, or as it was answered", () => {
    const rang = call({ ring_ends_at: "2026-01-01T00:00:20Z" });
    const after = (second: string): StaffMirror => mirror({ server_time: `2026-01-01T00:00:${second}Z` });
    expect(noticeOf(rang, after("20"), null)).toEqual({ code: "passed_on" });
    expect(noticeOf(rang, after("05"), null)).toEqual({ code: "over" });
    expect(noticeOf(rang, after("20"), null, "c1")).toEqual({ code: "over" });
  });

  it("tells first of all that the server has started anew", () => {
    const socket = new FakeSocket();
    const desk = new Desk(new Link<StaffToServer, ServerToStaff>({ namespace: "/staff", open: () => socket }));
    socket.up();
    socket.give("staff.mirror", mirror({ state: "ringing", call: call({}) }));
    socket.down("transport close", true);
    socket.up();
    socket.give("staff.mirror", mirror({ state: "off" }));
    expect(desk.state.notice).toEqual({ code: "off_now" });
    desk.close();
  });
});

describe("draft of an outcome", () => {
  it("lives until the server has it, for its own call alone", () => {
    const drawer = new Map<string, string>();
    const storage = {
      getItem: (key: string) => drawer.get(key) ?? null,
      setItem: (key: string, value: string) => void drawer.set(key, value),
      removeItem: (key: string) => void drawer.delete(key),
    };
    expect(readDraft(storage, "c1")).toBeNull();
    const draft = { call: "c1", outcome: "filed" as const, note: "材料齐" };
    keepDraft(storage, draft);
    expect(readDraft(storage, "c1")).toEqual(draft);
    expect(readDraft(storage, "c2")).toBeNull();
    dropDraft(storage);
    expect(readDraft(storage, "c1")).toBeNull();
    drawer.set("vwindow.outcome", "{");
    expect(readDraft(storage, "c1")).toBeNull();
  });
});

describe("past calls", () => {
  const past = { answered_at: "2026-01-01T00:00:10Z", ended_at: "2026-01-01T00:01:15Z" } as PastCall;

  it("count talking, not waiting", () => {
    expect(talkedSeconds(past)).toBe(65);
    expect(talkedSeconds({ ...past, answered_at: null })).toBeNull();
  });

  it("keep the earlier pages when the newest one is read again", () => {
    const row = (name: string, second: number, staff = ""): PastCall =>
      ({ call: name, asked_at: `2026-01-01T00:00:0${second}Z`, staff_name: staff }) as PastCall;
    const known = [row("d", 4), row("c", 3), row("b", 2), row("a", 1)];
    const now = refreshed(known, [row("e", 5), row("d", 4, "new"), row("c", 3)], false);
    expect(now.map((each) => each.call)).toEqual(["e", "d", "c", "b", "a"]);
    expect(now[1]?.staff_name).toBe("new");
    expect(refreshed(known, [row("d", 4)], true).map((each) => each.call)).toEqual(["d"]);
    expect(refreshed(known, [], true)).toEqual([]);
  });
});

describe("small words", () => {
  it("name keys and bytes", () => {
    expect(keyName({ key: "Enter", ctrlKey: true, altKey: false, metaKey: false })).toBe("Ctrl+Enter");
    expect([900, 1536, 184_320, 5_242_880].map(bytesText)).toEqual(["900 B", "1.5 KB", "180 KB", "5.0 MB"]);
  });

  it("exist in both languages", () => expect(keysOf(en)).toEqual(keysOf(zh)));
});

import { describe, expect, it } from "vitest";
import { phoneFits } from "./callback";
import { guideFor, isCatalogue, offlineWindows, ruleFor, usedGroups, type Catalogue, type Guide } from "./catalogue";
import { clockTime, openingAt, readHours } from "./hours";
import { idleState } from "./idle";
import { phrases } from "./phrases";
import { surnamesFor } from "./surnames";

const guide = (city: string, version: number): Guide => ({
  item: 1, city, version, materials: [], steps: [], links: [], mode: "push", days: 1, minutes: 5,
});
const rule = { virtual: false, mode: "push" as const, confirmed: true, note_zh: "", note_en: "" };
const CATALOGUE: Catalogue = {
  version: "1",
  groups: [{ group: "a", zh: "甲", en: "A" }, { group: "b", zh: "乙", en: "B" }],
  items: [
    { number: 1, name: "一", en: "", group: "a", pinyin: "yi", initials: "y", national_code: "", kind: "", department: "", common: true },
  ],
  rules: [{ ...rule, item: 1, city: "*", virtual: true }, { ...rule, item: 1, city: "hefei" }],
  guides: [guide("*", 1), guide("*", 3), guide("wuhu", 2)],
  cities: [],
  windows: [
    { window: "w1", kind: "offline", name: "", centre: "", city: "wuhu", address: "", hours: "", phone: "" },
    { window: "w2", kind: "virtual", name: "", centre: "", city: "wuhu", address: "", hours: "", phone: "" },
  ],
};

describe("catalogue", () => {
  it("takes the city's row before the common one, and an open one without any", () => {
    expect(ruleFor(CATALOGUE, 1, "hefei").virtual).toBe(false);
    expect(ruleFor(CATALOGUE, 1, "wuhu").virtual).toBe(true);
    expect(ruleFor(CATALOGUE, 9, "wuhu")).toMatchObject({ virtual: true, confirmed: false });
  });
  it("takes the newest guide", () => {
    expect(guideFor(CATALOGUE, 1, "hefei")?.version).toBe(3);
    expect(guideFor(CATALOGUE, 1, "wuhu")?.version).toBe(2);
    expect(guideFor(CATALOGUE, 2, "wuhu")).toBeNull();
  });
  it("sends visitors to offline windows only and hides empty groups", () => {
    expect(offlineWindows(CATALOGUE, "wuhu").map((place) => place.window)).toEqual(["w1"]);
    expect(usedGroups(CATALOGUE).map((each) => [each.group.group, each.count])).toEqual([["a", 1]]);
  });
  it("knows a catalogue when it sees one", () => {
    expect(isCatalogue(CATALOGUE)).toBe(true);
    for (const other of [null, 1, {}, { items: [] }]) expect(isCatalogue(other)).toBe(false);
  });
});

describe("silence", () => {
  const after = (seconds: number) => seconds * 1000;
  it("asks after a minute, counts down, wipes", () => {
    expect(idleState("item", 0, after(59)).kind).toBe("none");
    expect(idleState("item", 0, after(60))).toEqual({ kind: "ask", secondsLeft: 30 });
    expect(idleState("item", 0, after(89.5))).toEqual({ kind: "ask", secondsLeft: 1 });
    expect(idleState("item", 0, after(90)).kind).toBe("wipe");
  });
  it("means nothing in a call and while somebody is looked for", () => {
    for (const screen of ["waiting", "talking"] as const) expect(idleState(screen, 0, after(9999)).kind).toBe("none");
    expect(idleState("talking", 0, after(9999), true).kind).toBe("none");
  });
  it("asks when nobody chooses how to go on waiting, and in a forgotten form", () => {
    expect(idleState("waiting", 0, after(59), true).kind).toBe("none");
    expect(idleState("waiting", 0, after(60), true)).toEqual({ kind: "ask", secondsLeft: 30 });
    expect(idleState("waiting", 0, after(90), true).kind).toBe("wipe");
    expect(idleState("callback", 0, after(299), true).kind).toBe("none");
    expect(idleState("callback", 0, after(300), true)).toEqual({ kind: "ask", secondsLeft: 30 });
    expect(idleState("callback", 0, after(330), true).kind).toBe("wipe");
  });
  it("ends the farewell after 10 s and resets the start page without a question", () => {
    expect(idleState("wiped", 0, after(9)).kind).toBe("none");
    expect(idleState("wiped", 0, after(10)).kind).toBe("wipe");
    expect(idleState("idle", 0, after(60)).kind).toBe("wipe");
  });
});

describe("opening hours", () => {
  const hours = readHours("周一至周五 9:00–11:30 13:30–17:00");
  // 2 March 2026 is a Monday.
  const on = (day: number, time: string) => new Date(`2026-03-0${day}T${time}:00`);
  it("reads days and spans", () => {
    expect(hours).toEqual({ days: [0, 4], spans: [[540, 690], [810, 1020]] });
    expect(readHours("每天 8:30-20:00")?.days).toEqual([0, 6]);
    expect(readHours("节假日另行通知")).toBeNull();
    expect(readHours("周一至周五 全天")).toBeNull();
  });
  it("says until when, or when next", () => {
    expect(hours && openingAt(hours, on(2, "10:00"))).toEqual({ state: "open", until: 690 });
    expect(hours && openingAt(hours, on(2, "12:00"))).toEqual({ state: "closed", inDays: 0, day: 0, from: 810 });
    expect(hours && openingAt(hours, on(2, "17:00"))).toEqual({ state: "closed", inDays: 1, day: 1, from: 540 });
    expect(hours && openingAt(hours, on(7, "10:00"))).toEqual({ state: "closed", inDays: 2, day: 0, from: 540 });
    expect(clockTime(545)).toBe("9:05");
  });
});

describe("call-back form", () => {
  it("takes phone numbers", () => {
    for (const good of ["13800138000", "0573-8282 1234", "+8613800138000"]) expect(phoneFits(good), good).toBe(true);
    for (const bad of ["", "1234", "----------", "12345678901234567890123", "abc12345"]) expect(phoneFits(bad), bad).toBe(false);
  });
  it("offers surnames by pinyin", () => {
    expect(surnamesFor("wang")).toEqual(["王", "汪"]);
    expect(surnamesFor("ouy")).toEqual(["欧阳"]);
    expect(surnamesFor("")[0]).toBe("王");
    expect(surnamesFor("xx")).toEqual([]);
  });
});

describe("line ends", () => {
  it("loses nothing and keeps particles and signs with their words", () => {
    const text = "请（本人）到窗口，办理内资有限公司住所变更的手续。";
    const parts = phrases(text);
    expect(parts.join("")).toBe(text);
    for (const part of parts) expect(part).not.toMatch(/^[的，。）]/);
    expect(parts.some((part) => part.includes("有限公司"))).toBe(true);
  });
});

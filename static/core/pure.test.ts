import { describe, expect, it } from "vitest";
import { guideOf, type Catalogue, type Item } from "./catalogue";
import { toLevel } from "./level";
import { LINES } from "./media";
import { clockText, ServerTime } from "./servertime";

const item = (number: number, name: string, pinyin: string, initials: string): Item => ({
  number, name, en: "", group: "company", pinyin, initials, national_code: "", kind: "", department: "", common: false,
});

describe("m-lines", () => {
  it("stand in the worker's order", () => {
    const kinds = (part: "page" | "console") => LINES[part].map((line) => `${line.kind}:${line.sends ?? "-"}`);
    expect(kinds("page")).toEqual(["audio:microphone", ...Array(3).fill("audio:-"), ...Array(2).fill("video:-")]);
    expect(kinds("console")).toEqual([
      "audio:microphone", "video:face", "video:screen", ...Array(4).fill("audio:-"), ...Array(5).fill("video:-"),
    ]);
  });
});

describe("level", () => {
  it("goes from silence to full scale in decibels", () => {
    expect(toLevel(new Float32Array(64))).toBe(0);
    expect(toLevel(new Float32Array(64).fill(1))).toBe(1);
    expect(toLevel(new Float32Array(64).fill(0.1))).toBeCloseTo(2 / 3, 5);
  });
});

describe("server time", () => {
  it("corrects a wrong clock and never goes below zero", () => {
    const time = new ServerTime(() => 0);
    time.learn("1970-01-01T01:00:00+00:00");
    expect(time.since("1970-01-01T00:59:00Z")).toBe(60);
    expect(time.until("1970-01-01T00:59:00Z")).toBe(0);
    expect(time.until("1970-01-01T01:00:05Z")).toBe(5);
    time.learn("nonsense");
    expect(time.now()).toBe(3_600_000);
  });

  it("writes durations", () => {
    expect([0, 75.9, 3675].map(clockText)).toEqual(["0:00", "1:15", "1:01:15"]);
  });
});

describe("catalogue", () => {
  const one = item(1, "内资有限公司设立登记", "nei zi you xian gong si she li deng ji", "nzyxgssldj");
  const two = item(2, "公司变更登记", "gong si bian geng deng ji", "gsbgdj");
  const guide = { item: 1, version: 1, materials: [], steps: [], links: [], mode: "push", days: 3, minutes: 15 } as const;
  const catalogue = {
    version: "1", groups: [], items: [one, two], rules: [], cities: [], windows: [],
    guides: [{ ...guide, city: "*" }, { ...guide, city: "wuhu" }],
  } as unknown as Catalogue;

  it("lets the city's guide beat the common one", () => {
    expect(guideOf(catalogue, 1, "wuhu")?.city).toBe("wuhu");
    expect(guideOf(catalogue, 1, "hefei")?.city).toBe("*");
    expect(guideOf(catalogue, 2, "hefei")).toBeNull();
  });
});

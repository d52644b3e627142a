import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Item } from "./catalogue";
import { fold, SearchIndex, terms } from "./search";

type Spelled = Item & { syllables: string };

function item(number: number, name: string, syllables: string, more: Partial<Item> = {}): Spelled {
  return {
    number, name, syllables, en: "", group: "other", national_code: "", kind: "", department: "", common: false,
    pinyin: syllables.replaceAll(" ", ""),
    initials: syllables.split(" ").map((each) => each.charAt(0)).join(""),
    ...more,
  };
}

const GROUPS = [
  { group: "housing", zh: "公积金与房产", en: "Housing fund", pinyin: "gongjijinyufangchan", initials: "gjjyfc" },
  { group: "other", zh: "其他", en: "Other", pinyin: "qita", initials: "qt" },
];
const ITEMS = [
  item(1, "公积金查询", "gong ji jin cha xun", { group: "housing", en: "Housing fund: query" }),
  item(12, "公积金贷款查询", "gong ji jin dai kuan cha xun", { group: "housing", common: true }),
  item(2, "退休提取住房公积金", "tui xiu ti qu zhu fang gong ji jin", { common: true }),
  item(3, "不动产证明打印", "bu dong chan zheng ming da yin", { group: "housing" }),
  item(4, "基本医疗保险关系转移接续", "ji ben yi liao bao xian guan xi zhuan yi jie xu"),
  item(5, "核发机动车检验合格标志－6年免检", "he fa ji dong che jian yan he ge biao zhi 6 nian mian jian"),
];
const index = new SearchIndex(ITEMS, GROUPS);
const numbers = (query: string, limit?: number): number[] => index.search(query, limit).map((each) => each.number);

describe("folding", () => {
  it("drops width, case, umlauts and signs", () => {
    expect(fold("ＧＪＪ－Lü 公 积（金）①")).toBe("gjjlv公积金1");
  });
  it("cuts at white space, at most eight terms of 64", () => {
    expect(terms("　公积金  dk ")).toEqual(["公积金", "dk"]);
    expect(terms("1 2 3 4 5 6 7 8 9 10")).toHaveLength(8);
    expect(terms("a".repeat(90))[0]).toHaveLength(64);
    expect(terms(" －, ")).toEqual([]);
  });
});

describe("ranking", () => {
  it("puts the number first, then numbers that begin with it", () => {
    expect(numbers("1")).toEqual([1, 12]);
  });
  it("puts the beginning of a name before its middle, the most used first among equals", () => {
    expect(numbers("公积金")).toEqual([12, 1, 2, 3]);
  });
  it("knows initials, pinyin and mixtures", () => {
    expect(numbers("gjj")).toEqual([12, 1, 2, 3]);
    expect(numbers("gongjijincha")[0]).toBe(1);
    expect(numbers("公积金dk")).toEqual([12]);
    expect(numbers("gjjdaik")).toEqual([12]);
    expect(numbers("6nian")).toEqual([5]);
  });
  it("finds characters in order with gaps, and groups last", () => {
    expect(numbers("医保")).toEqual([4]);
    expect(numbers("房产")).toEqual([12, 1, 3]);
    expect(numbers("housing query")).toEqual([1]);
  });
  it("wants every term, and nothing for nothing", () => {
    expect(numbers("公积金 贷款")).toEqual([12]);
    expect(numbers("公积金 zzz")).toEqual([]);
    expect(numbers("  ")).toEqual([]);
    expect(numbers("公积金", 2)).toEqual([12, 1]);
  });
});

// The same examples must pass in the server's search.
const read = (path: string) => JSON.parse(readFileSync(resolve(import.meta.dirname, path), "utf8"));
const spelled = <Row extends { syllables: string }>(row: Row) => ({
  ...row,
  pinyin: row.syllables.replaceAll(" ", ""),
  initials: row.syllables.split(" ").map((each) => each.charAt(0)).join(""),
});

describe("examples shared with the server", () => {
  const data = "../../vwindow/catalogue/data";
  const all = new SearchIndex(
    read(`${data}/items-2025.1.json`).items.map(spelled),
    read(`${data}/groups-2025.1.json`).groups.map(spelled),
  );
  const examples: { query: string; top: number[]; count: number }[] = read("search-vectors.json");
  it.each(examples)("$query", ({ query, top, count }) => {
    const found = all.search(query).map((each) => each.number);
    expect(found.slice(0, top.length)).toEqual(top);
    expect(found).toHaveLength(count);
  });
});

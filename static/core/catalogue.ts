/** The bundle of GET /api/catalogue (and of the agent's /catalogue.json). */
export interface Material {
  zh: string;
  en: string;
  copies: number;
  form: "original" | "copy" | "electronic";
}

export interface Guide {
  item: number;
  city: string;
  version: number;
  materials: Material[];
  steps: { zh: string; en: string }[];
  links: { title_zh: string; title_en: string; url: string }[];
  mode: "filing" | "push";
  days: number;
  minutes: number;
}

export interface Item {
  number: number;
  name: string;
  en: string;
  group: string;
  pinyin: string;
  initials: string;
  national_code: string;
  kind: string;
  department: string;
  common: boolean;
}

export interface Rule {
  item: number;
  city: string;
  virtual: boolean;
  mode: "filing" | "push";
  confirmed: boolean;
  note_zh: string;
  note_en: string;
}

export interface OfficeWindow {
  window: string;
  kind: "offline" | "virtual";
  name: string;
  centre: string;
  city: string;
  address: string;
  hours: string;
  phone: string;
}

export interface Catalogue {
  version: string;
  groups: { group: string; zh: string; en: string }[];
  items: Item[];
  rules: Rule[];
  guides: Guide[];
  cities: { city: string; zh: string; en: string }[];
  windows: OfficeWindow[];
}

/** The row of a city beats the row of all cities ("*"). */
function ofCity<Row extends { item: number; city: string }>(rows: readonly Row[], item: number, city: string): Row | null {
  const fitting = rows.filter((row) => row.item === item);
  return fitting.find((row) => row.city === city) ?? fitting.find((row) => row.city === "*") ?? null;
}

export const guideOf = (catalogue: Catalogue, item: number, city: string): Guide | null =>
  ofCity(catalogue.guides, item, city);

export const ruleOf = (catalogue: Catalogue, item: number, city: string): Rule | null =>
  ofCity(catalogue.rules, item, city);

const squeeze = (text: string): string => text.toLowerCase().replace(/\s+/g, "");

/** How well an item fits what was typed: 0 not at all; names first, then initials, then pinyin. */
export function fit(item: Item, typed: string): number {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const query = squeeze(typed);
  if (query === "") return 0;
  if (String(item.number) === query) return 6;
  if (item.name.startsWith(query)) return 5;
  if (words.every((word) => item.name.includes(word))) return 4;
  if (item.initials.startsWith(query)) return 3;
  if (squeeze(item.pinyin).startsWith(query)) return 3;
  if (item.initials.includes(query)) return 2;
  if (squeeze(item.pinyin).includes(query) || words.every((word) => item.en.toLowerCase().includes(word))) return 1;
  return 0;
}

/** Items that fit, best first, in catalogue order among equals. */
export function search(catalogue: Catalogue, typed: string, most = 50): Item[] {
  return catalogue.items
    .map((item) => ({ item, score: fit(item, typed) }))
    .filter((each) => each.score > 0)
    .sort((one, other) => other.score - one.score || one.item.number - other.item.number)
    .slice(0, most)
    .map((each) => each.item);
}

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
  /** The spelling of each character; without it only whole spellings are found. */
  syllables?: string;
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
  groups: { group: string; zh: string; en: string; pinyin?: string; initials?: string }[];
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

import type { StaffCall } from "./wire";

export type City = StaffCall["city"];

/** The nine cities in the order of the corridor. */
export const CITIES: Record<City, { zh: string; en: string }> = {
  songjiang: { zh: "松江", en: "Songjiang" },
  jiaxing: { zh: "嘉兴", en: "Jiaxing" },
  hangzhou: { zh: "杭州", en: "Hangzhou" },
  jinhua: { zh: "金华", en: "Jinhua" },
  suzhou: { zh: "苏州", en: "Suzhou" },
  huzhou: { zh: "湖州", en: "Huzhou" },
  xuancheng: { zh: "宣城", en: "Xuancheng" },
  wuhu: { zh: "芜湖", en: "Wuhu" },
  hefei: { zh: "合肥", en: "Hefei" },
};

/** Name of a city in the page's language; a code that we do not know stays as it is. */
export function cityName(city: string, lang: string): string {
  const known = CITIES[city as City] as { zh: string; en: string } | undefined;
  return known === undefined ? city : lang === "en" ? known.en : known.zh;
}

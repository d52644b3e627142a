import { makeI18n, setLanguage, type Language } from "@/shared/i18n";
import { en } from "./en";
import { zh } from "./zh";

const KEY = "vwindow.language";

export const i18n = makeI18n({ zh, en });

export function rememberedLanguage(): Language {
  return localStorage.getItem(KEY) === "en" ? "en" : "zh";
}

export function switchLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  setLanguage(i18n, language);
}

export function errorWords(code: string): string {
  const { t, te } = i18n.global as unknown as { t: (key: string) => string; te: (key: string) => boolean };
  return te(`error.${code}`) ? t(`error.${code}`) : `${t("error.failed")}(${code})`;
}

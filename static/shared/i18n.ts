import { createI18n } from "vue-i18n";

export type Language = "zh" | "en";
export const LANGUAGES: readonly Language[] = ["zh", "en"];
const HTML_LANG: Record<Language, string> = { zh: "zh-CN", en: "en" };

type Tree = { [key: string]: string | Tree };

/**
 * Set up vue-i18n for a page: Chinese first, English second, both with the same shape.
 * Messages are interpreted, never compiled to code, so the content security policy needs no `unsafe-eval`.
 */
export function makeI18n<Shape extends Tree>(messages: Record<Language, Shape>) {
  return createI18n({
    legacy: false,
    locale: "zh" as Language,
    fallbackLocale: "zh",
    messages: messages as Record<Language, any>,
    missingWarn: false,
    fallbackWarn: false,
  });
}

export type PageI18n = ReturnType<typeof makeI18n>;

/** Switch the words of the page and tell screen readers and fonts which language they are in. */
export function setLanguage(i18n: PageI18n, language: Language): void {
  i18n.global.locale.value = language;
  document.documentElement.lang = HTML_LANG[language];
}

/** All keys of a message tree as `a.b.c`; tests compare languages with it. */
export function keysOf(tree: Tree, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [`${prefix}${key}`] : keysOf(value, `${prefix}${key}.`),
  );
}

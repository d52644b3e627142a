import { reactive, watchEffect } from "vue";
import { setLanguage, type Language, type PageI18n } from "@/shared/i18n";

export interface Display {
  language: Language;
  large: boolean;
  contrast: boolean;
  reach: boolean;
}

const PLAIN: Display = { language: "zh", large: false, contrast: false, reach: false };

/** The visitor's own switches, shown as attributes of <html>; never stored. */
export function makeDisplay(i18n: PageI18n) {
  const display = reactive<Display>({ ...PLAIN });
  watchEffect(() => {
    const { dataset } = document.documentElement;
    dataset.large = display.large ? "on" : "off";
    dataset.contrast = display.contrast ? "high" : "normal";
    dataset.reach = display.reach ? "low" : "normal";
    setLanguage(i18n, display.language);
  });
  return { display, reset: () => Object.assign(display, PLAIN) };
}

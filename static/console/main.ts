import "element-plus/dist/index.css";
import "@/shared/base.css";
import "./element.css";
import { createApp } from "vue";
import ConsolePage from "./ConsolePage.vue";
import { i18n, rememberedLanguage } from "./words/i18n";
import { setLanguage } from "@/shared/i18n";

setLanguage(i18n, rememberedLanguage());
createApp(ConsolePage).use(i18n).mount("#app");

import "element-plus/dist/index.css";
import "@/shared/base.css";
import "@/console/element.css";
import { createApp } from "vue";
import { setLanguage } from "@/shared/i18n";
import AdminPage from "./AdminPage.vue";
import { i18n, rememberedLanguage } from "./words/i18n";

setLanguage(i18n, rememberedLanguage());
createApp(AdminPage).use(i18n).mount("#app");

import { createApp } from "vue";
import { makeI18n } from "@/shared/i18n";
import KioskPage from "./KioskPage.vue";
import { makeDisplay } from "./live/display";
import { makeVisit, VISIT } from "./live/visit";
import { en } from "./messages/en";
import { zh } from "./messages/zh";

const i18n = makeI18n({ zh, en });
const visit = makeVisit(makeDisplay(i18n));
createApp(KioskPage).use(i18n).provide(VISIT, visit).mount("#app");

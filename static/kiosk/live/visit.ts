import { computed, inject, reactive, ref, watch, type InjectionKey } from "vue";
import type { City } from "@/core/cities";
import type { Ack, CallbackAsk } from "@/core/wire";
import { guideFor, ruleFor, type Item } from "../rules/catalogue";
import { idleState, THANKS_MS } from "../rules/idle";
import { asksGrade, blankVisit, liveCall, screenOf, stepBack, wantsMedia, type Visit } from "../rules/screen";
import { microphoneCode } from "../rules/sentences";
import { Agent, pageToken } from "./agent";
import type { makeDisplay } from "./display";
import { CallMedia } from "./media";

const TICK_MS = 500;

/** One visitor at this kiosk: what they chose, what they may do next, and how all of it is forgotten. */
export function makeVisit({ display, reset }: ReturnType<typeof makeDisplay>) {
  const visit = reactive<Visit>(blankVisit());
  const agent = new Agent(pageToken());
  const media = new CallMedia((offer) => agent.link.emit("media.offer", offer));
  agent.link.on("media.answer", (payload) => media.answer(payload));
  agent.link.on("media.refused", (payload) => media.refused(payload));
  /** Error code whose sentence is shown until it is touched away. */
  const notice = ref<string | null>(null);
  const busy = ref(false);
  const now = ref(Date.now());
  const touchedAt = ref(Date.now());
  let request = crypto.randomUUID();

  const call = computed(() => liveCall(visit, agent.state.call));
  const screen = computed(() => screenOf(visit, agent.state.call));
  const city = computed<City | null>(() => call.value?.city ?? visit.city);
  const number = computed(() => call.value?.item ?? visit.item);
  const catalogue = computed(() => agent.state.catalogue);
  const item = computed<Item | null>(() => catalogue.value?.items.find((each) => each.number === number.value) ?? null);
  const about = <Row>(read: (item: number, city: City) => Row): Row | null =>
    number.value === null || city.value === null ? null : read(number.value, city.value);
  const rule = computed(() => about((n, c) => catalogue.value && ruleFor(catalogue.value, n, c)));
  const guide = computed(() => about((n, c) => catalogue.value && guideFor(catalogue.value, n, c)));
  const back = computed(() => stepBack(visit, screen.value));
  const idle = computed(() => idleState(screen.value, touchedAt.value, now.value));
  const thanksLeft = computed(() => Math.ceil(Math.min(THANKS_MS, Math.max(0, touchedAt.value + THANKS_MS - now.value)) / 1000));

  function settle(ack: Ack): boolean {
    if (!ack.ok) notice.value = agent.state.up ? (ack.error?.code ?? "unknown") : "link_down";
    return ack.ok;
  }

  async function once(act: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    notice.value = null;
    try {
      await act();
    } finally {
      busy.value = false;
    }
  }

  function go(step: Visit["step"]): void {
    notice.value = null;
    visit.step = step;
  }

  /** Leave the page of an ended call; the server may then forget it, too. */
  async function leaveCall(): Promise<void> {
    const ended = call.value;
    if (ended === null || ended.phase !== "ended") return;
    visit.city = ended.city;
    visit.item = ended.item;
    visit.left = ended.call;
    await agent.link.emit("call.close", { call: ended.call });
  }

  function forget(step: Visit["step"]): void {
    const { left, served, rated, recorded, callbackLeft } = visit;
    Object.assign(visit, blankVisit(), { step, left });
    // The farewell page may still tell what was kept, but not what it was.
    if (step === "wiped") Object.assign(visit, { served, rated, recorded, callbackLeft });
    notice.value = null;
    request = crypto.randomUUID();
    touchedAt.value = Date.now();
    media.stop();
  }

  async function askCall(): Promise<void> {
    if (visit.city === null || visit.item === null) return go("city");
    const asksConsent = agent.state.mirror?.recording_policy === "ask";
    if (asksConsent && visit.consent === null) return go("check");
    const failed = await media.openMicrophone();
    if (failed !== "none") {
      notice.value = microphoneCode(failed);
      return;
    }
    const recording = asksConsent && visit.consent === "accepted" ? "accepted" : "declined";
    const ack = await agent.link.emit("call.ask", { city: visit.city, item: visit.item, recording, request });
    // After no answer the same request may be sent again: the server takes it as one call.
    if (ack.error?.code !== "no_answer") request = crypto.randomUUID();
    if (!settle(ack)) media.stop();
    else visit.step = "check";
  }

  const actions = {
    go,
    start: () => go("city"),
    chooseCity(chosen: City): void {
      visit.city = chosen;
      go("item");
    },
    chooseItem(chosen: number): void {
      visit.item = chosen;
      visit.consent = null;
      visit.placesFor = "not_here";
      go(rule.value?.virtual === false ? "places" : "check");
    },
    consent(choice: "accepted" | "declined"): void {
      visit.consent = choice;
      notice.value = null;
    },
    showPlaces(reason: Visit["placesFor"]): void {
      visit.placesFor = reason;
      go("places");
    },
    callStaff: () => once(askCall),
    waitOn: () => once(async () => void (call.value && settle(await agent.link.emit("call.wait", { call: call.value.call })))),
    hangUp: () =>
      once(async () => {
        if (call.value !== null) settle(await agent.link.emit("call.hang_up", { call: call.value.call }));
      }),
    leaveNumber: (name: string, phone: string) =>
      once(async () => {
        if (call.value === null) return;
        const payload: CallbackAsk = { call: call.value.call, name, phone };
        if (!settle(await agent.link.emit("call.callback", payload))) return;
        visit.callbackLeft = true;
        visit.step = "check";
      }),
    rate: (grade: number) =>
      once(async () => {
        if (call.value !== null) {
          const ack = await agent.link.emit("call.rate", { call: call.value.call, grade });
          visit.rated = ack.ok;
        }
        await leaveCall();
        forget("wiped");
      }),
    /** Go away from an ended call: a grade is asked on the way, if it was not asked yet. */
    depart: (asked: boolean) =>
      once(async () => {
        if (!asked && call.value !== null && asksGrade(call.value)) return go("rate");
        await leaveCall();
        forget("wiped");
      }),
    again: () =>
      once(async () => {
        await leaveCall();
        visit.step = "check";
        await askCall();
      }),
    otherItem: () =>
      once(async () => {
        await leaveCall();
        go("item");
      }),
    async home(): Promise<void> {
      await leaveCall();
      forget("idle");
    },
    touch(): void {
      if (screen.value !== "wiped") touchedAt.value = Date.now();
    },
    /** Forget everything, the switches of the frame included. */
    async wipe(): Promise<void> {
      touchedAt.value = Date.now();
      await leaveCall();
      forget("idle");
      reset();
    },
  };

  watch(
    call,
    (live) => {
      if (live !== null && wantsMedia(live)) media.start(live.call, live.media);
      else if (live === null || live.phase === "ended") media.stop();
      if (live === null) return;
      if (live.answered_at !== null) visit.served = true;
      if (live.recording === "writing" || live.recording === "stalled") visit.recorded = true;
    },
    { immediate: true },
  );
  watch(screen, (next) => {
    touchedAt.value = Date.now();
    if (next === "talking" && visit.step === "callback") visit.step = "check";
  });
  setInterval(() => {
    now.value = Date.now();
    if (idle.value.kind === "wipe") void actions.wipe();
  }, TICK_MS);

  return {
    visit, agent, media, display, screen, call, city, item, number, rule, guide, catalogue, back, idle, thanksLeft,
    notice, busy, now, ...actions,
  };
}

export type VisitStore = ReturnType<typeof makeVisit>;
const KEY: InjectionKey<VisitStore> = Symbol("visit");
export const VISIT = KEY;

export function useVisit(): VisitStore {
  const store = inject(KEY);
  if (store === undefined) throw new Error("no visit is provided");
  return store;
}

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
  const media = new CallMedia(
    (offer) => agent.link.emit("media.offer", offer),
    (path) => agent.link.emit("media.path", path),
  );
  agent.link.on("media.answer", (payload) => media.answer(payload));
  agent.link.on("media.refused", (payload) => media.refused(payload));
  agent.link.on("link.changed", (state) => state.up && media.tellPath());
  /** Error code whose sentence is shown until it is touched away. */
  const notice = ref<string | null>(null);
  const busy = ref(false);
  const now = ref(Date.now());
  const touchedAt = ref(Date.now());
  let request = crypto.randomUUID();
  /** Counts the visitors: what was begun for one is not finished for the next. */
  const visitor = ref(0);

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
  const idle = computed(() => idleState(screen.value, touchedAt.value, now.value, call.value?.choice === true));
  const thanksLeft = computed(() => Math.ceil(Math.min(THANKS_MS, Math.max(0, touchedAt.value + THANKS_MS - now.value)) / 1000));

  function settle(ack: Ack): boolean {
    if (!ack.ok) notice.value = agent.state.up ? (ack.error?.code ?? "unknown") : "link_down";
    return ack.ok;
  }

  async function once(act: (here: () => boolean) => Promise<void>): Promise<void> {
    if (busy.value) return;
    const mine = visitor.value;
    const here = (): boolean => mine === visitor.value;
    busy.value = true;
    notice.value = null;
    try {
      await act(here);
    } finally {
      if (here()) busy.value = false;
    }
  }

  function go(step: Visit["step"]): void {
    notice.value = null;
    visit.step = step;
  }

  /** Leave the page of an ended call at once; the server may then forget it, too. */
  async function leaveCall(): Promise<void> {
    const ended = call.value;
    if (ended === null || ended.phase !== "ended") return;
    visit.city = ended.city;
    visit.item = ended.item;
    visit.left = ended.call;
    await agent.link.emit("call.close", { call: ended.call });
  }

  function forget(step: Visit["step"]): void {
    visitor.value += 1;
    busy.value = false;
    const { left, served, rated, recorded, callbackLeft } = visit;
    Object.assign(visit, blankVisit(), { step, left });
    // The farewell page may still tell what was kept, but not what it was.
    if (step === "wiped") Object.assign(visit, { served, rated, recorded, callbackLeft });
    notice.value = null;
    request = crypto.randomUUID();
    touchedAt.value = Date.now();
    media.stop();
  }

  /** End a call that nobody waits for any more; false while the server does not answer. */
  async function endCall(id: string): Promise<boolean> {
    const ack = await agent.link.emit("call.hang_up", { call: id });
    if (!ack.ok && ack.error?.retryable !== false) return false;
    visit.left = id;
    await agent.link.emit("call.close", { call: id });
    return true;
  }

  async function askCall(here: () => boolean): Promise<void> {
    if (visit.city === null || visit.item === null) return go("city");
    const asksConsent = agent.state.mirror?.recording_policy === "ask";
    if (asksConsent && visit.consent === null) return go("check");
    const failed = await media.openMicrophone();
    if (!here()) return;
    if (failed !== "none") {
      notice.value = microphoneCode(failed);
      return;
    }
    const recording = asksConsent && visit.consent === "accepted" ? "accepted" : "declined";
    const ack = await agent.link.emit("call.ask", { city: visit.city, item: visit.item, recording, request });
    if (!here()) return void (ack.call !== null && (await endCall(ack.call)));
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
    /** Have nothing kept while a secret is said or shown; the page shows what comes of it. */
    suspend: () => once(async () => void (call.value && settle(await agent.link.emit("recording.suspend", { call: call.value.call })))),
    resume: () => once(async () => void (call.value && settle(await agent.link.emit("recording.resume", { call: call.value.call })))),
    leaveNumber: (name: string, phone: string) =>
      once(async (here) => {
        if (call.value === null) return;
        const payload: CallbackAsk = { call: call.value.call, name, phone };
        const ack = await agent.link.emit("call.callback", payload);
        if (!here() || !settle(ack)) return;
        visit.callbackLeft = true;
        visit.step = "check";
      }),
    rate: (grade: number) =>
      once(async (here) => {
        if (call.value !== null) {
          const ack = await agent.link.emit("call.rate", { call: call.value.call, grade });
          if (!here()) return;
          visit.rated = ack.ok;
          // What may still succeed is not thrown away: the visitor sees why and may touch again.
          if (ack.error?.retryable === true) return void settle(ack);
        }
        void leaveCall();
        forget("wiped");
      }),
    /** Go away from an ended call: a grade is asked on the way, if it was not asked yet. */
    depart: (asked: boolean) =>
      once(async () => {
        if (!asked && call.value !== null && asksGrade(call.value)) return go("rate");
        void leaveCall();
        forget("wiped");
      }),
    again: () =>
      once(async (here) => {
        await leaveCall();
        if (!here()) return;
        visit.step = "check";
        await askCall(here);
      }),
    otherItem: () =>
      once(async () => {
        void leaveCall();
        go("item");
      }),
    home(): void {
      void leaveCall();
      forget("idle");
    },
    touch(): void {
      // While the question stands only its own buttons count: a touch of "no" is not a "yes".
      if (screen.value !== "wiped" && idle.value.kind !== "ask") touchedAt.value = Date.now();
    },
    stay(): void {
      touchedAt.value = Date.now();
    },
    /** Forget everything, the switches of the frame included; a call that nobody waits for is ended. */
    wipe(): void {
      const live = call.value;
      if (live === null || live.phase === "ended") void leaveCall();
      // Without an answer the call's page stays, and so does the question: the next silence tries again.
      else void endCall(live.call);
      forget("idle");
      reset();
    },
  };

  watch(
    call,
    (live) => {
      if (live !== null && wantsMedia(live)) media.start(live.call, live.media, live);
      else if (live === null || live.phase === "ended") media.stop();
      if (live === null) return;
      if (live.answered_at !== null) visit.served = true;
      if (["writing", "stalled", "paused"].includes(live.recording)) visit.recorded = true;
    },
    { immediate: true },
  );
  watch([screen, () => call.value?.choice], ([next]) => {
    touchedAt.value = Date.now();
    if (next === "talking" && visit.step === "callback") visit.step = "check";
  });
  setInterval(() => {
    now.value = Date.now();
    if (idle.value.kind === "wipe") actions.wipe();
  }, TICK_MS);

  return {
    visit, agent, media, display, screen, call, city, item, number, rule, guide, catalogue, back, idle, thanksLeft,
    notice, busy, now, visitor, ...actions,
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

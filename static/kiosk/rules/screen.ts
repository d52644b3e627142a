import type { City } from "@/core/cities";
import type { KioskCall, KioskMirror } from "@/core/wire";
import type { Honorific } from "./callback";

/** Where the visitor stands by their own touches; a live call overrides it. */
export type Step = "idle" | "city" | "item" | "check" | "places" | "callback" | "rate" | "wiped";
export type Screen = Step | "waiting" | "talking" | "ended";
export type Consent = "accepted" | "declined" | null;

/** All that the page knows of a visitor. Wiping it is replacing it by `blankVisit()`. */
export interface Visit {
  step: Step;
  city: City | null;
  item: number | null;
  consent: Consent;
  /** Where in the list of items: the group shown, and what was searched for. */
  group: string | null;
  query: string;
  /** The call-back form as far as it is filled in. */
  phone: string;
  surname: string;
  honorific: Honorific;
  /** Why the offline windows are shown. */
  placesFor: "not_here" | "declined" | "ended";
  /** The call whose ended page the visitor has left: the server may still name it for a moment. */
  left: string | null;
  /** What the farewell page has to tell: no more than yes and no. */
  served: boolean;
  rated: boolean;
  recorded: boolean;
  callbackLeft: boolean;
}

export function blankVisit(): Visit {
  return {
    step: "idle",
    city: null,
    item: null,
    consent: null,
    group: null,
    query: "",
    phone: "",
    surname: "",
    honorific: "guest",
    placesFor: "not_here",
    left: null,
    served: false,
    rated: false,
    recorded: false,
    callbackLeft: false,
  };
}

/** The call that the page must show, if any. */
export function liveCall(visit: Visit, call: KioskCall | null): KioskCall | null {
  return call !== null && visit.left !== call.call ? call : null;
}

/** Which page to draw: the server's word about the call first, then the visitor's own step. */
export function screenOf(visit: Visit, call: KioskCall | null): Screen {
  const live = liveCall(visit, call);
  if (live === null) return visit.step === "callback" || visit.step === "rate" ? "idle" : visit.step;
  switch (live.phase) {
    case "waiting":
    case "ringing":
      return visit.step === "callback" ? "callback" : "waiting";
    case "connecting":
    case "talking":
      return "talking";
    case "ended":
      return visit.step === "rate" || visit.step === "places" ? visit.step : "ended";
  }
}

/**
 * The call after a mirror: a call that the server no longer knows has ended for us too,
 * and an ended one stays until the visitor has read why.
 */
export function callAfterMirror(before: KioskCall | null, mirror: KioskMirror): KioskCall | null {
  if (mirror.call !== null || before === null) return mirror.call;
  if (before.phase === "ended") return before;
  return { ...before, phase: "ended", reason: null, ended_at: mirror.server_time };
}

/** Whether the call's media must be up: on a reload in the middle of a call this starts a new offer. */
export function wantsMedia(call: KioskCall): boolean {
  return call.phase === "connecting" || call.phase === "talking";
}

/** The step that "back" leads to; null where there is no way back. */
export function stepBack(visit: Visit, screen: Screen): Step | null {
  switch (screen) {
    case "city":
      return "idle";
    case "item":
      return "city";
    case "check":
      return "item";
    case "places":
      return visit.placesFor === "ended" ? null : visit.placesFor === "declined" ? "check" : "item";
    default:
      return null;
  }
}

/** Whether a grade is asked: somebody has served the visitor. */
export function asksGrade(call: KioskCall): boolean {
  return call.answered_at !== null;
}

const WISHED: readonly KioskCall["reason"][] = ["visitor_hung_up", "staff_hung_up", "callback_left"];

/** Ends that the visitor did not come for: the page offers to call again first. */
export function brokeOff(call: KioskCall): boolean {
  return !WISHED.includes(call.reason);
}

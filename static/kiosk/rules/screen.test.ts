import { describe, expect, it } from "vitest";
import type { KioskCall, KioskMirror } from "@/core/wire";
import { asksGrade, blankVisit, brokeOff, callAfterMirror, screenOf, stepBack, wantsMedia, type Step, type Visit } from "./screen";

const AT = "2026-03-02T01:00:00+00:00";

function call(more: Partial<KioskCall> = {}): KioskCall {
  return {
    ice_servers: [], relay_only: false,
    call: "c1", phase: "waiting", city: "jiaxing", item: 1, position: 1, ready_staff: 2, choice: false, asked: null,
    recording: "off", suspended_by: [], media: 1, asked_at: AT, answered_at: null, ended_at: null, reason: null, ...more,
  };
}

function mirror(shown: KioskCall | null): KioskMirror {
  return {
    kiosk: "k1", city: "songjiang", centre: "中心", window: "窗口", hours: "", recording_policy: "ask",
    on_decline: "call_without", call: shown, server_time: AT,
  };
}

const visit = (more: Partial<Visit> = {}): Visit => ({ ...blankVisit(), ...more });

describe("which page is drawn", () => {
  it.each<Step>(["idle", "city", "item", "check", "places", "wiped"])("the visitor's own step %s without a call", (step) => {
    expect(screenOf(visit({ step }), null)).toBe(step);
  });
  it.each<Step>(["callback", "rate"])("the start, when the call of %s is gone", (step) => {
    expect(screenOf(visit({ step }), null)).toBe("idle");
  });
  it("the call's page whatever the step, also after a reload", () => {
    for (const step of ["idle", "check", "places", "rate"] as const) {
      expect(screenOf(visit({ step }), call())).toBe("waiting");
      expect(screenOf(visit({ step }), call({ phase: "ringing" }))).toBe("waiting");
      expect(screenOf(visit({ step }), call({ phase: "connecting" }))).toBe("talking");
      expect(screenOf(visit({ step }), call({ phase: "talking" }))).toBe("talking");
    }
  });
  it("the call-back form only while waiting: an answer beats it", () => {
    expect(screenOf(visit({ step: "callback" }), call())).toBe("callback");
    expect(screenOf(visit({ step: "callback" }), call({ phase: "connecting" }))).toBe("talking");
    expect(screenOf(visit({ step: "callback" }), call({ phase: "ended" }))).toBe("ended");
  });
  it("the ended page until the visitor leaves it, though the server still names the call", () => {
    const ended = call({ phase: "ended", reason: "staff_hung_up" });
    expect(screenOf(visit({ step: "check" }), ended)).toBe("ended");
    expect(screenOf(visit({ step: "rate" }), ended)).toBe("rate");
    expect(screenOf(visit({ step: "wiped", left: "c1" }), ended)).toBe("wiped");
    expect(screenOf(visit({ step: "check", left: "c1" }), call({ call: "c2" }))).toBe("waiting");
  });
});

describe("the call after a mirror", () => {
  it("is the server's", () => {
    expect(callAfterMirror(null, mirror(call()))?.call).toBe("c1");
    expect(callAfterMirror(call(), mirror(call({ call: "c2" })))?.call).toBe("c2");
    expect(callAfterMirror(null, mirror(null))).toBeNull();
  });
  it("has ended when the server no longer knows it", () => {
    expect(callAfterMirror(call({ phase: "talking" }), mirror(null))).toMatchObject({ phase: "ended", reason: null, ended_at: AT });
  });
  it("stays with its reason once ended", () => {
    const ended = call({ phase: "ended", reason: "media_lost" });
    expect(callAfterMirror(ended, mirror(null))).toBe(ended);
  });
});

describe("small questions", () => {
  it("media only in a call that was answered", () => {
    expect((["waiting", "ringing", "connecting", "talking", "ended"] as const).map((phase) => wantsMedia(call({ phase })))).toEqual(
      [false, false, true, true, false],
    );
  });
  it("a grade only where somebody served", () => {
    expect(asksGrade(call())).toBe(false);
    expect(asksGrade(call({ answered_at: AT }))).toBe(true);
  });
  it("call again first where nobody wished the end", () => {
    expect(brokeOff(call({ reason: "visitor_hung_up" }))).toBe(false);
    expect(brokeOff(call({ reason: "callback_left" }))).toBe(false);
    expect(brokeOff(call({ reason: "server_restarted" }))).toBe(true);
    expect(brokeOff(call({ reason: null }))).toBe(true);
  });
  it("goes back one step, and nowhere from a call", () => {
    expect(stepBack(visit(), "city")).toBe("idle");
    expect(stepBack(visit(), "check")).toBe("item");
    expect(stepBack(visit({ placesFor: "declined" }), "places")).toBe("check");
    expect(stepBack(visit({ placesFor: "ended" }), "places")).toBeNull();
    expect(stepBack(visit(), "talking")).toBeNull();
    expect(stepBack(visit(), "idle")).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { keysOf, LANGUAGES, makeI18n } from "@/shared/i18n";
import type { KioskCall } from "@/core/wire";
import { en } from "./en";
import { zh } from "./zh";
import { callErrorKey, endKeys, errorKey, linkKey, microphoneCode } from "../rules/sentences";

type Reason = NonNullable<KioskCall["reason"]>;
// A new reason on the wire does not compile until it has its sentences.
const REASONS: Record<Reason, true> = {
  visitor_hung_up: true, staff_hung_up: true, visitor_left: true, callback_left: true, kiosk_lost: true, staff_lost: true,
  never_connected: true, media_lost: true, worker_lost: true, server_restarted: true, kiosk_revoked: true, closing: true,
};
const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
const at = (tree: object, key: string): string =>
  key.split(".").reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], tree) as string;

describe("messages", () => {
  it("has the same keys in both languages", () => {
    expect(keysOf(en)).toEqual(keysOf(zh));
  });
  it("has the same figures in both sentences, and no empty ones", () => {
    for (const key of keysOf(zh)) {
      expect(at(zh, key), key).not.toBe("");
      expect(names(at(en, key)), key).toEqual(names(at(zh, key)));
    }
  });
  it("leaves no English in the Chinese and no Chinese in the English, but for the switch of language", () => {
    for (const key of keysOf(zh)) {
      if (["frame.language", "idle.other"].includes(key)) continue;
      expect(at(en, key), key).not.toMatch(/[\u4e00-\u9fff]/);
      expect(at(zh, key).replace(/\{\w+\}|G60/g, ""), key).not.toMatch(/[a-z]/i);
    }
  });
  it("can be read by the interpreter of vue-i18n", () => {
    const i18n = makeI18n({ zh, en });
    const composer: unknown = i18n.global;
    const say = (composer as { t: (key: string, words?: object) => string }).t;
    expect(say("waiting.position", { n: 2 })).toBe("前面还有 2 位");
    for (const language of LANGUAGES) {
      i18n.global.locale.value = language;
      for (const key of keysOf(zh)) expect(say(key), key).not.toBe(key);
    }
  });
});

describe("sentences", () => {
  it.each(Object.keys(REASONS))("tells why and what next for the end %s", (reason) => {
    expect(endKeys(reason)).toEqual({ why: `ends.${reason}.why`, next: `ends.${reason}.next` });
    expect(keysOf(zh)).toContain(`ends.${reason}.next`);
  });
  it("has one for whatever else comes", () => {
    expect(endKeys(null).why).toBe("ends.unknown.why");
    expect(errorKey("no_such_code")).toBe("errors.unknown");
    expect(errorKey("toString")).toBe("errors.unknown");
    expect(callErrorKey("microphone_not_found")).toBe("talking.noMicrophone");
    expect(callErrorKey("bad_offer")).toBe("errors.bad_offer");
    expect(linkKey("transport close")).toBe("link.reasons.unreachable");
  });
  it.each(["revoked", "unreachable", "not_enrolled", "certificate", "too_many"])("knows the link reason %s", (reason) => {
    expect(linkKey(reason)).toBe(`link.reasons.${reason}`);
  });
  it.each(["insecure", "not_allowed", "not_found", "busy", "failed"] as const)("knows the microphone's %s", (why) => {
    expect(errorKey(microphoneCode(why))).toBe(`errors.microphone_${why}`);
  });
});

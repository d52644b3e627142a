import { describe, expect, it } from "vitest";
import { keysOf } from "@/shared/i18n";
import { enrolCommand, stateOf } from "./kiosk";
import { en } from "./words/en";
import { zh } from "./words/zh";

describe("kiosk", () => {
  it("is new, enrolled or revoked", () => {
    expect(stateOf({ enrolled_at: null, revoked_at: null })).toBe("new");
    expect(stateOf({ enrolled_at: "x", revoked_at: null })).toBe("enrolled");
    expect(stateOf({ enrolled_at: "x", revoked_at: "y" })).toBe("revoked");
  });

  it("is enrolled by one line that a shell reads as it stands", () => {
    expect(enrolCommand("https://w.example:8443", "ABCD-EFGH.plain")).toBe(
      "vwindow-kiosk enrol --server https://w.example:8443 --code ABCD-EFGH.plain",
    );
    expect(enrolCommand("https://w.example", "a'b c")).toContain("--code 'a'\\''b c'");
  });
});

describe("words", () => {
  it("exist in both languages", () => expect(keysOf(en)).toEqual(keysOf(zh)));
});

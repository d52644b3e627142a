import { describe, expect, it } from "vitest";
import { pick, remember, remembered, whyNot, type Memory } from "./devices";

function memory(): Memory {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

const devices = [
  { id: "1", label: "内置摄像头" },
  { id: "2", label: "USB 摄像头" },
];

describe("device choice", () => {
  it("prefers the id, then the label, then the first", () => {
    expect(pick(devices, { id: "2", label: "" })?.id).toBe("2");
    expect(pick(devices, { id: "old", label: "USB 摄像头" })?.id).toBe("2");
    expect(pick(devices, { id: "old", label: "" })?.id).toBe("1");
    expect(pick(devices, null)?.id).toBe("1");
    expect(pick([], null)).toBeNull();
  });

  it("remembers each kind and survives spoilt memory", () => {
    const kept = memory();
    expect(remembered(kept, "camera")).toBeNull();
    remember(kept, "camera", { id: "2", label: "USB 摄像头" });
    expect(remembered(kept, "camera")).toEqual({ id: "2", label: "USB 摄像头" });
    expect(remembered(kept, "microphone")).toBeNull();
    kept.setItem("vwindow.camera", "{");
    expect(remembered(kept, "camera")).toBeNull();
  });

  it("gives browser errors a code", () => {
    const named = (name: string): Error => Object.assign(new Error(), { name });
    expect(whyNot(named("NotAllowedError"))).toBe("not_allowed");
    expect(whyNot(named("OverconstrainedError"))).toBe("not_found");
    expect(whyNot(named("NotReadableError"))).toBe("busy");
    expect(whyNot("x")).toBe("failed");
  });
});

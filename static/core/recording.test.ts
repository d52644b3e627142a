import { describe, expect, it } from "vitest";
import { canSuspend, heldBy, holds, shownRecording, type Shown, type Side } from "./recording";
import type { KioskCall } from "./wire";

type State = KioskCall["recording"];
const call = (recording: State, ...suspended_by: Side[]) => ({ recording, suspended_by });

describe("the recording of a call", () => {
  it.each<[State, Side[], Shown]>([
    ["writing", [], "writing"],
    ["writing", ["kiosk"], "pausing"],
    ["starting", ["staff"], "pausing"],
    ["paused", ["staff"], "paused"],
    ["paused", [], "resuming"],
    ["stalled", ["staff"], "stalled"],
    ["declined", [], "declined"],
    ["off", [], "off"],
  ])("%s, held by %j, is shown as %s", (state, by, shown) => {
    expect(shownRecording(call(state, ...by))).toBe(shown);
  });
  it("can be suspended only when there is one", () => {
    expect(["off", "declined", "starting", "writing", "stalled", "paused"].filter((s) => canSuspend(call(s as State)))).toEqual([
      "starting", "writing", "stalled", "paused",
    ]);
  });
  it("knows who holds it", () => {
    expect([heldBy(call("paused")), heldBy(call("paused", "staff")), heldBy(call("paused", "kiosk", "staff"))]).toEqual(["", "staff", "both"]);
    expect(holds(call("paused", "staff"), "kiosk")).toBe(false);
    expect(holds(call("paused", "kiosk", "staff"), "kiosk")).toBe(true);
  });
});

import type { KioskCall } from "./wire";

export type Side = KioskCall["suspended_by"][number];
type Recorded = Pick<KioskCall, "recording" | "suspended_by">;
export type Shown = KioskCall["recording"] | "pausing" | "resuming";

/**
 * What a page says of the recording. "Paused" is said only when nothing is kept: until the media worker has
 * confirmed it, a suspension is under way and no more.
 */
export function shownRecording({ recording, suspended_by }: Recorded): Shown {
  const held = suspended_by.length > 0;
  if (held && (recording === "starting" || recording === "writing")) return "pausing";
  if (!held && recording === "paused") return "resuming";
  return recording;
}

/** Whether there is something to suspend or to go on with. */
export const canSuspend = (call: Recorded): boolean => call.recording !== "off" && call.recording !== "declined";

/** Whether this side holds the recording: what a side suspended only that side resumes. */
export const holds = (call: Recorded, side: Side): boolean => call.suspended_by.includes(side);

/** Who holds it, for one sentence; empty when nobody does. */
export function heldBy({ suspended_by }: Recorded): Side | "both" | "" {
  if (suspended_by.length > 1) return "both";
  return suspended_by[0] ?? "";
}

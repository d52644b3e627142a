import type { StaffCall, StaffMirror } from "@/core/wire";

/** What the console shows: one of these at any time. */
export type Phase = "loading" | "off" | "ready" | "break" | "ringing" | "connecting" | "talking" | "ended" | "busy" | "wrap_up";

export interface Notice {
  /**
   * `passed_on`: a ring ran out; `over`: it went away and nobody said why; `off_now`: the server restarted and knows nobody as ready;
   * else the reason for which a call ended unanswered.
   */
  code: "passed_on" | "over" | "off_now" | NonNullable<StaffCall["reason"]>;
}

/** A call that asks something of this staff member: alive, or ended with its outcome still open. */
export function liveCall(mirror: StaffMirror | null): StaffCall | null {
  const call = mirror?.call ?? null;
  return call === null || (call.phase === "ended" && !call.wrap_up) ? null : call;
}

export function phaseOf(mirror: StaffMirror | null): Phase {
  if (mirror === null) return "loading";
  const call = liveCall(mirror);
  if (call === null) return mirror.state;
  return call.phase === "waiting" ? "ringing" : call.phase;
}

/** Whether nothing asks for this person: only then may they leave. */
export const isFree = (phase: Phase): boolean => ["loading", "off", "ready", "break"].includes(phase);

/** Whether the media of `call` should be up. */
export const inCall = (call: StaffCall | null): boolean => call?.phase === "connecting" || call?.phase === "talking";

/** A ring that goes away this much before its time did not run out; ms. */
const EARLY = 1000;

function ranOut(ring: StaffCall, now: string): boolean {
  return ring.ring_ends_at === null || Date.parse(now) >= Date.parse(ring.ring_ends_at) - EARLY;
}

/** What to say when a ring is gone and it was not this person's doing; null when nothing need be said. */
export function noticeOf(
  before: StaffCall | null,
  after: StaffMirror,
  declined: string | null,
  answered: string | null = null,
): Notice | null {
  if (before === null || before.phase !== "ringing" || before.call === declined) return null;
  const call = after.call;
  if (call?.call === before.call) {
    return call.phase === "ended" && !call.wrap_up && call.reason !== null ? { code: call.reason } : null;
  }
  return { code: before.call !== answered && ranOut(before, after.server_time) ? "passed_on" : "over" };
}

/** Bytes in words: 1536 → "1.5 KB". */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

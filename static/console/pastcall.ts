import type { StaffCall } from "@/core/wire";

/** One row of GET /api/calls. */
export interface PastCall {
  call: string;
  kiosk: string;
  kiosk_city: string;
  kiosk_centre: string;
  city: string;
  item: number;
  item_name: string;
  staff: string | null;
  staff_name: string | null;
  asked_at: string;
  answered_at: string | null;
  ended_at: string | null;
  reason: StaffCall["reason"];
  outcome: string | null;
  note: string;
  recording: {
    recording: string | null;
    state: "none" | "writing" | "finishing" | "ready" | "failed";
    duration: number | null;
    bytes: number | null;
  } | null;
}

/** The newest page in the place of what it covers; rows of earlier pages that were read before stay. */
export function refreshed(known: readonly PastCall[], page: readonly PastCall[], whole: boolean): PastCall[] {
  const oldest = page.at(-1);
  if (whole || oldest === undefined) return [...page];
  const there = new Set(page.map((past) => past.call));
  const end = Date.parse(oldest.asked_at);
  return [...page, ...known.filter((past) => !there.has(past.call) && Date.parse(past.asked_at) <= end)];
}

/** Answer of GET /api/recordings/{id}. */
export interface RecordingFacts {
  recording: string;
  call: string;
  state: "writing" | "finishing" | "ready" | "failed";
  duration: number | null;
  files: RecordedFile[];
  parts: Stretch[];
  pauses: Stretch[];
  gaps: (Stretch & { source: string; why: string })[];
}

/** One playable file; all of them begin together and last as long as the recording. */
export interface RecordedFile {
  file: string;
  tracks: { kind: "audio" | "video"; source: string }[];
}

/** Seconds of the recording. */
export interface Stretch {
  from: number;
  to: number;
}

/** Talking time in seconds; null for a call that nobody answered. */
export function talkedSeconds(past: PastCall): number | null {
  if (past.answered_at === null || past.ended_at === null) return null;
  return Math.max(0, (Date.parse(past.ended_at) - Date.parse(past.answered_at)) / 1000);
}

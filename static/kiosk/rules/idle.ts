import type { Screen } from "./screen";

/** How long nothing may be touched before the page asks, and how long the question stands, in ms. */
export const QUIET_MS = 60_000;
export const QUESTION_MS = 30_000;
/** The last page returns to the start by itself. */
export const THANKS_MS = 10_000;

export type Idle =
  | { kind: "none" }
  | { kind: "ask"; secondsLeft: number }
  | { kind: "wipe" };

/** Pages on which silence means nothing: the visitor waits for us, or talks. */
const PATIENT: readonly Screen[] = ["waiting", "callback", "talking"];

/** What silence since `touchedAt` means on this page. On the start page it only puts the switches back. */
export function idleState(screen: Screen, touchedAt: number, now: number): Idle {
  const quiet = now - touchedAt;
  if (PATIENT.includes(screen)) return { kind: "none" };
  if (screen === "wiped") return quiet >= THANKS_MS ? { kind: "wipe" } : { kind: "none" };
  if (screen === "idle") return quiet >= QUIET_MS ? { kind: "wipe" } : { kind: "none" };
  if (quiet < QUIET_MS) return { kind: "none" };
  const left = QUIET_MS + QUESTION_MS - quiet;
  return left <= 0 ? { kind: "wipe" } : { kind: "ask", secondsLeft: Math.ceil(left / 1000) };
}

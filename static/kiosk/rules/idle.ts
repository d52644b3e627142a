import type { Screen } from "./screen";

/** How long nothing may be touched before the page asks, and how long the question stands, in ms. */
export const QUIET_MS = 60_000;
/** A form that waits for its visitor to find a phone number gets more time. */
export const FORM_QUIET_MS = 300_000;
export const QUESTION_MS = 30_000;
/** The last page returns to the start by itself. */
export const THANKS_MS = 10_000;

export type Idle =
  | { kind: "none" }
  | { kind: "ask"; secondsLeft: number }
  | { kind: "wipe" };

/**
 * What silence since `touchedAt` means on this page. On the start page it only puts the switches back.
 * In a call and while we look for somebody silence means nothing; where the visitor is asked (`choice`), it does.
 */
export function idleState(screen: Screen, touchedAt: number, now: number, choice = false): Idle {
  const quiet = now - touchedAt;
  if (screen === "talking" || (screen === "waiting" && !choice)) return { kind: "none" };
  if (screen === "wiped") return quiet >= THANKS_MS ? { kind: "wipe" } : { kind: "none" };
  if (screen === "idle") return quiet >= QUIET_MS ? { kind: "wipe" } : { kind: "none" };
  const patience = screen === "callback" ? FORM_QUIET_MS : QUIET_MS;
  if (quiet < patience) return { kind: "none" };
  const left = patience + QUESTION_MS - quiet;
  return left <= 0 ? { kind: "wipe" } : { kind: "ask", secondsLeft: Math.ceil(left / 1000) };
}

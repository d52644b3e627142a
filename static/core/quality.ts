import type { MediaStats } from "./stats";

export type Word = "unknown" | "good" | "fair" | "poor";
export type Cause = "none" | "still" | "freeze" | "loss" | "sending" | "delay";

export interface Quality {
  word: Word;
  cause: Cause;
  lossPercent: number;
  rttMs: number | null;
  frozenMs: number;
}

const LIMITS = {
  fair: { loss: 2, rtt: 200, frozen: 200 },
  poor: { loss: 8, rtt: 450, frozen: 1000 },
} as const;

function worst(word: "fair" | "poor", loss: number, sending: number, rtt: number, frozen: number): Cause {
  const limit = LIMITS[word];
  if (frozen >= limit.frozen) return "freeze";
  if (loss >= limit.loss) return "loss";
  if (sending >= limit.loss) return "sending";
  return rtt >= limit.rtt ? "delay" : "none";
}

/** One word for the connection between two readings, with what makes it so. */
export function judge(before: MediaStats | null, now: MediaStats): Quality {
  if (before === null || now.at <= before.at) {
    return { word: "unknown", cause: "none", lossPercent: 0, rttMs: now.rttMs, frozenMs: 0 };
  }
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  const lossPercent = received + lost > 0 ? (100 * lost) / (received + lost) : 0;
  const frozenMs = Math.max(0, now.frozenMs - before.frozenMs);
  const common = { lossPercent, rttMs: now.rttMs, frozenMs };
  if (received === 0) return { word: "poor", cause: "still", ...common };
  for (const word of ["poor", "fair"] as const) {
    const cause = worst(word, lossPercent, now.sendLoss * 100, now.rttMs ?? 0, frozenMs);
    if (cause !== "none") return { word, cause, ...common };
  }
  return { word: "good", cause: "none", ...common };
}

import { describe, expect, it } from "vitest";
import { judge } from "./quality";
import { readStats, type MediaStats } from "./stats";

const reading = (change: Partial<MediaStats>): MediaStats => ({ ...readStats([]), ...change });

describe("readStats", () => {
  it("sums the lines and takes the nominated pair", () => {
    const stats = readStats([
      ["a", { type: "inbound-rtp", kind: "video", timestamp: 5, packetsReceived: 10, packetsLost: -1, freezeCount: 2, totalFreezesDuration: 0.5, frameWidth: 1280 }],
      ["b", { type: "inbound-rtp", kind: "audio", timestamp: 6, packetsReceived: 5, packetsLost: 1 }],
      ["c", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }],
      ["d", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 }],
      ["e", { type: "remote-inbound-rtp", fractionLost: 0.25 }],
    ]);
    expect(stats).toMatchObject({ at: 6, received: 15, lost: 1, freezes: 2, frozenMs: 500, rttMs: 20, width: 1280, sendLoss: 0.25 });
  });
});

describe("judge", () => {
  const before = reading({ at: 1000, received: 100 });

  it("says nothing on one reading", () => {
    expect(judge(null, before).word).toBe("unknown");
    expect(judge(before, before).word).toBe("unknown");
  });

  it("names the worst cause", () => {
    const after = (change: Partial<MediaStats>) => judge(before, reading({ at: 3000, received: 200, ...change }));
    expect(after({})).toMatchObject({ word: "good", cause: "none" });
    expect(after({ lost: 4 })).toMatchObject({ word: "fair", cause: "loss" });
    expect(after({ lost: 20 })).toMatchObject({ word: "poor", cause: "loss" });
    expect(after({ rttMs: 300 })).toMatchObject({ word: "fair", cause: "delay" });
    expect(after({ frozenMs: 1500, lost: 20 })).toMatchObject({ word: "poor", cause: "freeze" });
    expect(after({ sendLoss: 0.1 })).toMatchObject({ word: "poor", cause: "sending" });
    expect(after({ received: 100 })).toMatchObject({ word: "poor", cause: "still" });
  });
});

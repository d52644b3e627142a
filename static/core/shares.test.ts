import { describe, expect, it } from "vitest";
import { limit } from "./shares";

class FakeSender {
  set: RTCRtpSendParameters[] = [];
  constructor(private encodings: RTCRtpEncodingParameters[]) {}
  getParameters(): RTCRtpSendParameters {
    const encodings = this.encodings.map((each) => ({ ...each }));
    return { transactionId: `${this.set.length}`, encodings, codecs: [], headerExtensions: [], rtcp: {} };
  }
  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.set.push(parameters);
    this.encodings = parameters.encodings;
  }
}

describe("shares of pictures", () => {
  it("sets what an encoding may have, and keeps all else", async () => {
    const sender = new FakeSender([{ maxBitrate: 1_500_000, scaleResolutionDownBy: 2 }]);
    await limit(sender, 300_000);
    expect(sender.set.map((each) => each.encodings)).toEqual([[{ maxBitrate: 300_000, scaleResolutionDownBy: 2 }]]);
  });

  it("sets one that had no limit", async () => {
    const sender = new FakeSender([{}]);
    await limit(sender, 300_000);
    expect(sender.set[0]?.encodings).toEqual([{ maxBitrate: 300_000 }]);
  });

  it("leaves alone what is so already, and what has no encoding", async () => {
    const same = new FakeSender([{ maxBitrate: 300_000 }]);
    const none = new FakeSender([]);
    await limit(same, 300_000);
    await limit(none, 300_000);
    expect([...same.set, ...none.set]).toEqual([]);
  });
});

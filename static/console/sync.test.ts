import { describe, expect, it } from "vitest";
import { correction, Transport, type Playable } from "./sync";

class FakeVideo implements Playable {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  seeking = false;
  ended = false;
  constructor(readonly duration: number) {}
  async play(): Promise<void> {
    this.paused = false;
  }
  pause(): void {
    this.paused = true;
  }
}

describe("correction", () => {
  it("leaves small drifts, runs after middling ones, jumps over large ones", () => {
    expect(correction(5, 5.08)).toEqual({ kind: "none" });
    expect(correction(5, 4.8)).toEqual({ kind: "rate", rate: 1.1 });
    expect(correction(5, 5.3)).toEqual({ kind: "rate", rate: 0.9 });
    expect(correction(5, 2)).toEqual({ kind: "seek", to: 5 });
  });
});

describe("Transport", () => {
  it("plays, seeks and pauses both sides as one", async () => {
    const [one, other] = [new FakeVideo(20), new FakeVideo(18)];
    const transport = new Transport(one, [other]);
    await transport.play();
    expect([one.paused, other.paused]).toEqual([false, false]);
    transport.seek(99);
    expect([one.currentTime, other.currentTime]).toEqual([20, 20]);
    one.currentTime = 7;
    other.currentTime = 6.7;
    transport.follow();
    expect(other.playbackRate).toBe(1.1);
    transport.pause();
    expect([one.paused, other.paused, other.currentTime, other.playbackRate]).toEqual([true, true, 7, 1]);
  });

  it("keeps any number of files together", async () => {
    const [one, ...others] = [new FakeVideo(20), new FakeVideo(20), new FakeVideo(20), new FakeVideo(20)];
    const transport = new Transport(one!, others);
    await transport.play();
    one!.currentTime = 9;
    others.forEach((other, index) => (other.currentTime = [9, 8.6, 3][index]!));
    transport.follow();
    expect(others.map((other) => [other.currentTime, other.playbackRate])).toEqual([[9, 1], [8.6, 1.1], [9, 1]]);
  });

  it("works with one side and without a known duration", async () => {
    const only = new FakeVideo(Number.POSITIVE_INFINITY);
    const transport = new Transport(only, [], 12);
    await transport.play();
    transport.follow();
    expect([transport.duration, transport.playing]).toEqual([12, true]);
  });

  it("starts again from the beginning after the end", async () => {
    const only = new FakeVideo(3);
    only.currentTime = 3;
    only.ended = true;
    await new Transport(only).play();
    expect(only.currentTime).toBe(0);
  });

  it("stops a follower whose leader stopped, and leaves one that ended", () => {
    const [one, other] = [new FakeVideo(20), new FakeVideo(18)];
    other.paused = false;
    const transport = new Transport(one, [other]);
    transport.follow();
    expect(other.paused).toBe(true);
    other.ended = true;
    other.currentTime = 18;
    one.currentTime = 19;
    transport.follow();
    expect(other.currentTime).toBe(18);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeviceError } from "@/core/devices";
import { Microphone, OPEN_MS } from "./microphone";

class FakeTrack extends EventTarget {
  enabled = true;
  readyState: MediaStreamTrackState = "live";

  stop(): void {
    this.readyState = "ended";
  }

  unplug(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

type Answer = [MediaStreamTrack | null, DeviceError];

function setUp() {
  const answers: ((answer: Answer) => void)[] = [];
  const lost = vi.fn();
  const microphone = new Microphone(lost, () => new Promise((resolve) => answers.push(resolve)));
  const give = (track: FakeTrack): void => answers.shift()?.([track as unknown as MediaStreamTrack, "none"]);
  return { answers, lost, microphone, give };
}

describe("Microphone", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks once for several that wait, and keeps the open one", async () => {
    const { answers, microphone, give } = setUp();
    const both = [microphone.open(), microphone.open()];
    expect(answers).toHaveLength(1);
    give(new FakeTrack());
    expect(await Promise.all(both)).toEqual(["none", "none"]);
    expect(await microphone.open()).toBe("none");
    expect(answers).toHaveLength(0);
  });

  it("gives back what comes after it was closed, and asks anew for the next visitor", async () => {
    const { microphone, give } = setUp();
    const first = microphone.open();
    microphone.close();
    const second = microphone.open();
    const [late, fresh] = [new FakeTrack(), new FakeTrack()];
    give(late);
    expect(await first).toBe("failed");
    expect(late.readyState).toBe("ended");
    give(fresh);
    expect(await second).toBe("none");
    expect(microphone.track).toBe(fresh);
  });

  it("fails after 8 s without an answer and may be asked again", async () => {
    const { microphone, give } = setUp();
    const first = microphone.open();
    await vi.advanceTimersByTimeAsync(OPEN_MS);
    expect(await first).toBe("failed");
    const late = new FakeTrack();
    give(late);
    await vi.advanceTimersByTimeAsync(0);
    expect(late.readyState).toBe("ended");
    const again = microphone.open();
    give(new FakeTrack());
    expect(await again).toBe("none");
  });

  it("tells when it was unplugged, not when it was closed", async () => {
    const { lost, microphone, give } = setUp();
    const track = new FakeTrack();
    const open = microphone.open();
    give(track);
    await open;
    track.unplug();
    expect(lost).toHaveBeenCalledOnce();
    expect(microphone.track).toBeNull();
    const next = new FakeTrack();
    const reopened = microphone.open();
    give(next);
    await reopened;
    microphone.close();
    next.unplug();
    expect(lost).toHaveBeenCalledOnce();
  });

  it("stays muted when it is opened again", async () => {
    const { microphone, give } = setUp();
    microphone.setMuted(true);
    const open = microphone.open();
    const track = new FakeTrack();
    give(track);
    await open;
    expect(track.enabled).toBe(false);
  });
});

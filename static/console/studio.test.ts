import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Studio } from "./studio";

/** A camera track: it can be switched off, and says whether it still runs. */
class FakeTrack {
  readyState: "live" | "ended" = "live";
  enabled = true;
  contentHint = "";
  constructor(readonly kind: "audio" | "video") {}

  stop(): void {
    this.readyState = "ended";
  }

  addEventListener(): void {
    // Nothing ends under us here.
  }

  getSettings(): { deviceId: string } {
    return { deviceId: this.kind };
  }
}

/** Devices that open when the test says so; the microphone is missing, so that no meter is needed. */
class FakeDevices {
  readonly waiting: { wants: MediaStreamConstraints; open: (track: FakeTrack) => void }[] = [];

  getUserMedia(wants: MediaStreamConstraints): Promise<unknown> {
    if (wants.audio) return Promise.reject(Object.assign(new Error(), { name: "NotFoundError" }));
    return new Promise((resolve) => {
      const open = (track: FakeTrack): void =>
        resolve({ getAudioTracks: () => [], getVideoTracks: () => [track], getTracks: () => [track] });
      this.waiting.push({ wants, open });
    });
  }

  enumerateDevices(): Promise<unknown[]> {
    return Promise.resolve([]);
  }

  addEventListener(): void {}
  removeEventListener(): void {}
}

const memory = { getItem: () => null, setItem: () => undefined };

describe("Studio", () => {
  let devices: FakeDevices;
  beforeEach(() => {
    devices = new FakeDevices();
    vi.stubGlobal("navigator", { mediaDevices: devices });
    vi.stubGlobal("isSecureContext", true);
  });
  afterEach(() => void vi.unstubAllGlobals());

  const asked = async (count: number): Promise<void> => void (await vi.waitFor(() => expect(devices.waiting.length).toBe(count)));

  it("leaves nothing on that opens after a release, and opens again when asked again", async () => {
    const studio = new Studio(memory);
    const first = studio.open();
    await asked(1);
    studio.release();
    const second = studio.open();
    await asked(2);
    const [late, wanted] = [new FakeTrack("video"), new FakeTrack("video")];
    devices.waiting[0]!.open(late);
    await first;
    expect(late.readyState).toBe("ended");
    expect([studio.state.phase, studio.tracks.face]).toEqual(["opening", null]);
    devices.waiting[1]!.open(wanted);
    await second;
    expect([studio.state.phase, wanted.readyState]).toEqual(["open", "live"]);
    studio.close();
    expect(wanted.readyState).toBe("ended");
  });

  it("stays closed when it is released while it opens", async () => {
    const studio = new Studio(memory);
    const opening = studio.open();
    await asked(1);
    studio.release();
    devices.waiting[0]!.open(new FakeTrack("video"));
    await opening;
    expect(studio.state.phase).toBe("closed");
  });

  it("sends nothing of a covered camera", async () => {
    const studio = new Studio(memory);
    const told: (string | null)[] = [];
    const opening = studio.open();
    await asked(1);
    devices.waiting[0]!.open(new FakeTrack("video"));
    await opening;
    studio.onTrack((what, track) => told.push(`${what} ${track === null ? "nothing" : "track"}`));
    studio.cover(true);
    expect(studio.sent.face).toBeNull();
    studio.cover(false);
    expect(studio.sent.face).toBe(studio.tracks.face);
    expect(told).toEqual(["face nothing", "face track"]);
  });
});

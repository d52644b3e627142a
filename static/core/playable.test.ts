import { describe, expect, it } from "vitest";
import { Playable } from "./playable";

class FakeTrack extends EventTarget {
  constructor(
    readonly kind: string,
    public muted: boolean,
  ) {
    super();
  }

  become(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

class FakeStream {
  readonly tracks = new Set<FakeTrack>();

  addTrack(track: FakeTrack): void {
    this.tracks.add(track);
  }

  removeTrack(track: FakeTrack): void {
    this.tracks.delete(track);
  }
}

function setUp() {
  const stream = new FakeStream();
  return { stream, playable: new Playable(stream) };
}

describe("Playable", () => {
  it("holds a voice at once and a picture only while frames arrive", () => {
    const { stream, playable } = setUp();
    const [voice, face] = [new FakeTrack("audio", true), new FakeTrack("video", true)];
    playable.take(voice);
    playable.take(face);
    expect([...stream.tracks]).toEqual([voice]);
    face.become(false);
    expect([...stream.tracks]).toEqual([voice, face]);
    face.become(true);
    expect([...stream.tracks]).toEqual([voice]);
  });

  it("takes a picture that is already there", () => {
    const { stream, playable } = setUp();
    const face = new FakeTrack("video", false);
    playable.take(face);
    expect([...stream.tracks]).toEqual([face]);
  });

  it("replaces a track of the same kind and no longer listens to the old one", () => {
    const { stream, playable } = setUp();
    const [old, now] = [new FakeTrack("video", false), new FakeTrack("video", false)];
    playable.take(old);
    playable.take(now);
    old.become(false);
    expect([...stream.tracks]).toEqual([now]);
  });
});

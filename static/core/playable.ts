/** What is asked of a stream and a track; tests bring their own. */
export type StreamPart = Pick<MediaStreamTrack, "kind" | "muted" | "addEventListener">;
export interface PartStream {
  addTrack(track: StreamPart): void;
  removeTrack(track: StreamPart): void;
}

/**
 * Received tracks as one stream that plays at once, one track of each kind.
 *
 * Chromium does not start a <video> whose stream holds a video track without frames, so that the voice of somebody
 * without a camera would never be heard: the picture is in the stream only while frames arrive.
 */
export class Playable<Stream extends PartStream = MediaStream> {
  private readonly parts = new Map<string, StreamPart>();

  constructor(readonly stream: Stream) {}

  /** Put a track in the place of an earlier one of its kind. */
  take(track: StreamPart): void {
    const before = this.parts.get(track.kind);
    if (before === track) return;
    if (before !== undefined) this.stream.removeTrack(before);
    this.parts.set(track.kind, track);
    const fit = (): void => this.fit(track);
    track.addEventListener("mute", fit);
    track.addEventListener("unmute", fit);
    fit();
  }

  private fit(track: StreamPart): void {
    if (this.parts.get(track.kind) !== track) return;
    if (track.kind === "audio" || !track.muted) this.stream.addTrack(track);
    else this.stream.removeTrack(track);
  }
}

import { configuration, NO_WAYS, readPath, type Path, type Ways } from "./path";
import { limit } from "./shares";
import { readStats, type MediaStats } from "./stats";
import type { MediaAnswer, Slot } from "./wire";

export type Part = "page" | "console";
export type Sending = "microphone" | "face" | "screen";
export type Source = Exclude<Slot["source"], "">;
export type Kind = "audio" | "video";
type Line = { kind: Kind; sends: Sending | null };

const sends = (kind: Kind, what: Sending): Line => ({ kind, sends: what });
const takes = (kind: Kind, count: number): Line[] => Array.from({ length: count }, () => ({ kind, sends: null }));

/** The m-lines of each part in the order that the media worker expects; it refuses any other. */
export const LINES: Record<Part, readonly Line[]> = {
  page: [sends("audio", "microphone"), ...takes("audio", 3), ...takes("video", 2)],
  console: [
    sends("audio", "microphone"),
    sends("video", "face"),
    sends("video", "screen"),
    ...takes("audio", 4),
    ...takes("video", 5),
  ],
};

const FACE_BITS_PER_SECOND = 1_500_000;
/** In the order of the offer; the worker answers with the one that its room is in. */
const CODECS: Record<Kind, readonly string[]> = {
  audio: ["audio/opus"],
  video: ["video/vp8", "video/h264", "video/rtx"],
};
/** H.264 that every side can make and show: constrained baseline, not interleaved (RFC 6184). */
const H264_BASELINE = /^(?=.*packetization-mode=1)(?=.*profile-level-id=42e0)/i;

export type Tracks = Partial<Record<Sending, MediaStreamTrack | null>>;
export type SourceListener = (source: Source, track: MediaStreamTrack) => void;
export type StateListener = (state: RTCPeerConnectionState) => void;
export type PathListener = (path: Path) => void;

/** Only what a room may be in: an offer of twelve m-lines with all of Chromium's codecs would be 60 KB. */
function narrow(transceiver: RTCRtpTransceiver, kind: Kind): void {
  const known = (RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []).filter(
    (codec) => codec.mimeType.toLowerCase() !== "video/h264" || H264_BASELINE.test(codec.sdpFmtpLine ?? ""),
  );
  const wanted = CODECS[kind].flatMap((name) => known.filter((codec) => codec.mimeType.toLowerCase() === name));
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted);
}

/**
 * One media connection to the worker: one offer, one answer, no renegotiation.
 * A dead one is replaced by a new MediaSide, never repaired.
 */
export class MediaSide {
  readonly peer: RTCPeerConnection;
  private readonly senders = new Map<Sending, RTCRtpSender>();
  private readonly sourceListeners = new Set<SourceListener>();
  private readonly stateListeners = new Set<StateListener>();
  private readonly found = new Map<Source, MediaStreamTrack>();
  private readonly pathListeners = new Set<PathListener>();
  private path: Path | null = null;

  constructor(
    readonly part: Part,
    tracks: Tracks = {},
    ways: Ways = NO_WAYS,
  ) {
    this.peer = new RTCPeerConnection(configuration(ways));
    // Microphone and face in one stream: the receiving browser keeps lips and voice together.
    const person = new MediaStream();
    const screen = new MediaStream();
    for (const line of LINES[part]) {
      if (line.sends === null) this.addReceiver(line.kind);
      else this.addSender(line.kind, line.sends, tracks[line.sends] ?? null, line.sends === "screen" ? screen : person);
    }
    this.peer.addEventListener("connectionstatechange", () => {
      for (const fn of [...this.stateListeners]) fn(this.peer.connectionState);
      void this.lookAtPath();
    });
  }

  /** The offer as SDP. Candidates need not be waited for: the worker learns addresses from checks. */
  async offer(): Promise<string> {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    await this.tune();
    return this.peer.localDescription?.sdp ?? "";
  }

  /** Take the worker's answer and tell the listeners which source arrives on which track. */
  async accept(answer: Pick<MediaAnswer, "sdp" | "slots">): Promise<void> {
    await this.peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    // One transport for all m-lines: they are bundled.
    const ice = this.peer.getTransceivers()[0]?.sender.transport?.iceTransport;
    ice?.addEventListener?.("selectedcandidatepairchange", () => void this.lookAtPath());
    const byMid = new Map(this.peer.getTransceivers().map((each) => [each.mid, each.receiver.track]));
    for (const slot of answer.slots) {
      const track = byMid.get(slot.mid);
      if (slot.source === "" || track === undefined || track.kind !== slot.kind) continue;
      this.found.set(slot.source, track);
      for (const fn of [...this.sourceListeners]) fn(slot.source, track);
    }
  }

  /** Be told of each source with its track, those already known included. */
  onSource(fn: SourceListener): () => void {
    this.sourceListeners.add(fn);
    for (const [source, track] of this.found) fn(source, track);
    return () => this.sourceListeners.delete(fn);
  }

  onState(fn: StateListener): () => void {
    this.stateListeners.add(fn);
    return () => this.stateListeners.delete(fn);
  }

  /** Be told which way the connection takes: once when it is up, and when that changes. */
  onPath(fn: PathListener): () => void {
    this.pathListeners.add(fn);
    if (this.path !== null) fn(this.path);
    return () => this.pathListeners.delete(fn);
  }

  /** Swap what is sent without a new offer; null sends nothing. */
  async setTrack(what: Sending, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.senders.get(what);
    if (sender === undefined) throw new Error(`a ${this.part} does not send ${what}`);
    await sender.replaceTrack(track);
  }

  /** Let each picture have so many bit/s; null says nothing of it. */
  async share(bits: Partial<Record<Sending, number | null>>): Promise<void> {
    for (const [what, sender] of this.senders) {
      const most = bits[what];
      if (typeof most === "number") await limit(sender, most);
    }
  }

  async stats(): Promise<MediaStats> {
    return readStats(await this.peer.getStats());
  }

  close(): void {
    this.sourceListeners.clear();
    this.stateListeners.clear();
    this.pathListeners.clear();
    this.peer.close();
  }

  private async lookAtPath(): Promise<void> {
    if (this.peer.connectionState !== "connected") return;
    const path = readPath(await this.peer.getStats());
    if (path === null || path === this.path) return;
    this.path = path;
    for (const fn of [...this.pathListeners]) fn(path);
  }

  private addSender(kind: Kind, what: Sending, track: MediaStreamTrack | null, stream: MediaStream): void {
    const init: RTCRtpTransceiverInit = { direction: "sendonly", streams: [stream] };
    if (what === "face") init.sendEncodings = [{ maxBitrate: FACE_BITS_PER_SECOND }];
    const transceiver = this.peer.addTransceiver(track ?? kind, init);
    narrow(transceiver, kind);
    this.senders.set(what, transceiver.sender);
  }

  private addReceiver(kind: Kind): void {
    const transceiver = this.peer.addTransceiver(kind, { direction: "recvonly" });
    narrow(transceiver, kind);
    // Video is shown as soon as it is whole. Audio keeps the browser's adaptive buffer: it is already
    // as short as the network allows, and forcing it lower makes gaps.
    if (kind === "video" && "jitterBufferTarget" in transceiver.receiver) transceiver.receiver.jitterBufferTarget = 0;
  }

  /** A face that moves smoothly is worth more than a sharp one that jerks; text is the other way round. */
  private async tune(): Promise<void> {
    for (const [what, sender] of this.senders) {
      if (what === "microphone") continue;
      const parameters = sender.getParameters();
      parameters.degradationPreference = what === "face" ? "maintain-framerate" : "maintain-resolution";
      await sender.setParameters(parameters);
    }
  }
}

import { reactive, shallowRef } from "vue";
import type { DeviceError } from "@/core/devices";
import { MediaSide } from "@/core/media";
import { NO_WAYS, type Path, type Ways } from "@/core/path";
import { Playable } from "@/core/playable";
import type { Ack, MediaAnswer, MediaOffer, MediaRefused, PathReport } from "@/core/wire";
import { microphoneCode } from "../rules/sentences";
import { Microphone } from "./microphone";

declare global {
  interface Window {
    /** The peer connection of the present call, for looking at its statistics from outside; it is never read here. */
    vwindowPeer?: RTCPeerConnection;
  }
}

/** What the visitor is told while picture and sound come up. */
export type Stage = "none" | "microphone" | "offer" | "picture" | "up" | "again";

const RETRY_MS = 500;
const UNSTEADY_MS = 2000;
const REOPEN_MS = 2000;

/** The page's media connection of a call: own microphone out, the staff member's picture and voice in. */
export class CallMedia {
  readonly state = reactive({ stage: "none" as Stage, muted: false, error: "" });
  /** Picture and voice of the staff member in one stream, so that they stay together. */
  readonly stream = shallowRef<MediaStream | null>(null);
  private readonly microphone = new Microphone(() => this.lost());
  private side: MediaSide | null = null;
  private call: string | null = null;
  private room = 0;
  /** Credentials are kept no longer than the call. */
  private ways: Ways = NO_WAYS;
  private path: Path | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reopening: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: (offer: MediaOffer) => Promise<Ack>,
    private readonly report: (path: PathReport) => Promise<Ack>,
  ) {}

  /** Open the microphone, or keep the open one; "none" is success. */
  openMicrophone(): Promise<DeviceError> {
    return this.microphone.open();
  }

  /** Bring the media of a call up; again for the same call and room does nothing but to learn its ways. */
  start(call: string, room: number, ways: Ways): void {
    this.ways = ways;
    if (this.call === call && this.room === room) return;
    if (this.call === call) {
      // The room was lost with its media worker: the old connection leads nowhere.
      this.drop();
      this.state.stage = "again";
    }
    this.call = call;
    this.room = room;
    void this.connect();
  }

  answer(payload: MediaAnswer): void {
    const side = this.side;
    if (payload.call !== this.call || payload.part !== "page" || side === null) return;
    side.accept(payload).then(
      () => {
        if (this.state.stage === "offer") this.state.stage = "picture";
      },
      () => this.again(side),
    );
  }

  refused(payload: MediaRefused): void {
    if (payload.call !== this.call || payload.part !== "page") return;
    if (payload.error.retryable) this.again(this.side);
    else this.state.error = payload.error.code;
  }

  /** The first picture is on the screen. */
  shown(): void {
    if (this.state.stage !== "none") this.state.stage = "up";
  }

  /** Tell the server which way the media take; again when it may have forgotten. */
  tellPath(): void {
    if (this.call !== null && this.path !== null) void this.report({ call: this.call, part: "page", path: this.path });
  }

  setMuted(muted: boolean): void {
    this.state.muted = muted;
    this.microphone.setMuted(muted);
  }

  /** End everything and give the microphone back. */
  stop(): void {
    this.call = null;
    this.ways = NO_WAYS;
    this.drop();
    clearTimeout(this.reopening);
    this.microphone.close();
    Object.assign(this.state, { stage: "none", muted: false, error: "" });
  }

  private async connect(): Promise<void> {
    const { call, room } = this;
    this.state.stage = this.state.stage === "none" ? "microphone" : "again";
    const failed = await this.openMicrophone();
    if (this.call !== call || this.room !== room || call === null) return;
    if (failed !== "none") {
      this.state.error = microphoneCode(failed);
      this.later();
      return;
    }
    this.state.error = "";
    if (this.state.stage === "microphone") this.state.stage = "offer";
    const side = new MediaSide("page", { microphone: this.microphone.track }, this.ways);
    this.side = side;
    window.vwindowPeer = side.peer;
    const remote = new Playable(new MediaStream());
    side.onSource((source, track) => {
      if (source !== "staff.face" && source !== "staff.microphone") return;
      remote.take(track);
      this.stream.value = remote.stream;
    });
    side.onState((state) => this.watch(side, state));
    side.onPath((path) => {
      this.path = path;
      this.tellPath();
    });
    const sdp = await side.offer();
    if (this.side !== side) return;
    const ack = await this.send({ call, part: "page", sdp });
    if (this.side === side && !ack.ok) this.again(side);
  }

  /** The microphone was unplugged in the call: take what there is now, and try until there is one. */
  private lost(): void {
    if (this.call === null) return;
    this.state.error = microphoneCode("not_found");
    void this.reopen(this.call);
  }

  private async reopen(call: string): Promise<void> {
    const failed = await this.microphone.open();
    if (this.call !== call) return;
    if (failed === "none") {
      await this.side?.setTrack("microphone", this.microphone.track);
      this.state.error = "";
      return;
    }
    clearTimeout(this.reopening);
    this.reopening = setTimeout(() => void this.reopen(call), REOPEN_MS);
  }

  private watch(side: MediaSide, state: RTCPeerConnectionState): void {
    if (this.side !== side) return;
    clearTimeout(this.timer);
    if (state === "failed") this.again(side);
    if (state === "disconnected") {
      this.state.stage = "again";
      this.timer = setTimeout(() => this.again(side), UNSTEADY_MS);
    }
    if (state === "connected" && this.state.stage === "again") this.state.stage = "picture";
  }

  /** A dead connection is replaced, never repaired. */
  private again(side: MediaSide | null): void {
    if (this.side !== side || this.call === null) return;
    this.drop();
    this.state.stage = "again";
    this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), RETRY_MS);
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.side?.close();
    this.side = null;
    this.path = null;
    this.stream.value = null;
    delete window.vwindowPeer;
  }
}

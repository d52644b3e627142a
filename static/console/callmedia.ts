import { reactive, shallowRef, type InjectionKey } from "vue";
import { MediaSide } from "@/core/media";
import { NO_WAYS, type Path, type Ways } from "@/core/path";
import { Playable } from "@/core/playable";
import { judge, type Quality } from "@/core/quality";
import type { MediaStats } from "@/core/stats";
import type { MediaAnswer, MediaRefused, StaffCall } from "@/core/wire";
import type { StaffLink } from "./desk";
import type { MediaLease } from "./lease";
import type { Studio } from "./studio";
import { inCall } from "./visit";

export type Connection = "none" | "connecting" | "connected" | "broken" | "elsewhere";

interface Attempt {
  call: string;
  side: MediaSide;
  offer: Promise<string>;
  asked: boolean;
}

const READ_MS = 2000;
const BROKEN_MS = 3000;
const UP_MS = 8000;
const AGAIN_MS = [300, 1000, 2000, 3000] as const;

declare global {
  interface Window {
    vwindowPeer?: RTCPeerConnection | undefined;
  }
}

/** The media of the current call: made ready while it rings, offered when it is answered, replaced when it dies. */
export class CallMedia {
  readonly state = reactive({
    connection: "none" as Connection,
    /** Code of the last refusal, empty when there was none. */
    refused: "",
    quality: null as Quality | null,
  });
  /** What the visitor sends; the same stream for the whole connection. */
  readonly remote = shallowRef<MediaStream | null>(null);
  private attempt: Attempt | null = null;
  private room = 0;
  /** Credentials are kept no longer than the call. */
  private ways: Ways = NO_WAYS;
  private path: Path | null = null;
  private tries = 0;
  /** The call whose media this page has had: after a break it goes on here without being asked. */
  private held = "";
  private again: ReturnType<typeof setTimeout> | undefined;
  private reading: ReturnType<typeof setInterval> | undefined;
  private readonly forget: (() => void)[];

  constructor(
    private readonly link: StaffLink,
    private readonly studio: Studio,
    private readonly lease: MediaLease,
  ) {
    this.forget = [
      link.on("media.answer", (answer) => void this.accept(answer)),
      link.on("media.refused", (refusal) => this.refuse(refusal)),
      link.on("media.targets", ({ call, face, screen }) => {
        const side = this.attempt?.call === call ? this.attempt.side : null;
        // A connection that ends meanwhile has nothing to limit.
        void side?.share({ face, screen }).catch(() => undefined);
      }),
      link.onState((up) => up && this.tellPath()),
      studio.onTrack((what, track) => void this.attempt?.side.setTrack(what, track).catch(() => undefined)),
    ];
  }

  /** Follow what the server says of the call: prepare, join, rejoin or end. */
  follow(call: StaffCall | null): void {
    if (call === null || call.phase === "ended" || call.phase === "waiting") return this.end();
    if (this.attempt !== null && this.attempt.call !== call.call) this.end();
    this.ways = call;
    // The room was lost with its media worker: the old connection leads nowhere.
    if (inCall(call) && this.room !== call.media && this.attempt?.asked === true) {
      this.drop();
      this.tries = 0;
      void this.join(call.call);
    }
    this.room = call.media;
    if (call.phase === "ringing") this.prepare(call.call);
    else if (inCall(call) && this.state.connection === "none") void this.join(call.call);
  }

  /** Keep other tabs from taking the media of the call that is being answered here. */
  claim(): void {
    void this.lease.take(() => this.lose(), true);
  }

  /** Send the offer of an answered call; `steal` takes it over from another tab. */
  async join(call: string, steal = false): Promise<void> {
    if (this.attempt?.call === call && this.attempt.asked) return;
    const attempt = this.prepare(call);
    attempt.asked = true;
    this.state.connection = "connecting";
    const held = await this.lease.take(() => this.lose(), steal);
    if (this.attempt !== attempt) return;
    if (!held) return this.lose();
    const sdp = await attempt.offer.catch(() => "");
    if (this.attempt !== attempt) return;
    if (sdp === "") return this.retry("failed");
    this.again = setTimeout(() => this.retry("no_answer"), UP_MS);
    const ack = await this.link.emit("media.offer", { call, part: "console", sdp, take_over: steal || this.held === call });
    if (ack.ok) this.held = call;
    else if (this.attempt === attempt) this.retry(ack.error?.code ?? "failed");
  }

  end(): void {
    this.drop();
    this.lease.free();
    this.tries = 0;
    this.held = "";
    this.ways = NO_WAYS;
    Object.assign(this.state, { connection: "none", refused: "", quality: null });
  }

  close(): void {
    this.end();
    for (const each of this.forget) each();
  }

  /** Make connection and offer while it still rings: answering then costs one message. */
  private prepare(call: string): Attempt {
    if (this.attempt?.call === call) return this.attempt;
    this.drop();
    const { microphone, face } = this.studio.sent;
    const side = new MediaSide("console", { microphone, face }, this.ways);
    window.vwindowPeer = side.peer;
    const attempt: Attempt = { call, side, offer: side.offer(), asked: false };
    // A ring that goes away closes the connection under its offer: that is no error.
    attempt.offer.catch(() => undefined);
    side.onState((state) => this.changed(attempt, state));
    side.onPath((path) => {
      this.path = path;
      this.tellPath();
    });
    this.attempt = attempt;
    if (this.studio.state.phase !== "open") void this.studio.open();
    return attempt;
  }

  /** Tell the server which way the media take; again when it may have forgotten. */
  private tellPath(): void {
    const call = this.attempt?.call;
    if (call !== undefined && this.path !== null) void this.link.emit("media.path", { call, part: "console", path: this.path });
  }

  private async accept(answer: MediaAnswer): Promise<void> {
    const attempt = this.attempt;
    if (attempt === null || attempt.call !== answer.call || attempt.side.peer.signalingState !== "have-local-offer") return;
    const remote = new Playable(new MediaStream());
    attempt.side.onSource((source, track) => {
      if (source === "kiosk.microphone" || source === "kiosk.face") remote.take(track);
    });
    try {
      await attempt.side.accept(answer);
    } catch {
      if (this.attempt === attempt) this.retry("bad_answer");
      return;
    }
    this.remote.value = remote.stream;
    this.state.refused = "";
    this.read(attempt);
  }

  private refuse(refusal: MediaRefused): void {
    if (this.attempt?.asked === true && this.attempt.call === refusal.call) this.retry(refusal.error.code);
  }

  private changed(attempt: Attempt, state: RTCPeerConnectionState): void {
    if (this.attempt !== attempt) return;
    if (state === "connected") {
      clearTimeout(this.again);
      this.tries = 0;
      this.state.connection = "connected";
    } else if (state === "failed") this.retry("");
    else if (state === "disconnected") {
      this.state.connection = "broken";
      clearTimeout(this.again);
      this.again = setTimeout(() => this.retry(""), BROKEN_MS);
    }
  }

  /** A dead connection is replaced by a new one; how often is bounded by growing waits. */
  private retry(code: string): void {
    const call = this.attempt?.call;
    if (call === undefined) return;
    if (code === "elsewhere") return this.lose();
    this.drop();
    this.state.connection = "broken";
    this.state.refused = code;
    const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)];
    this.tries += 1;
    this.again = setTimeout(() => void this.join(call), wait);
  }

  /** Another tab, or another computer, has the media of this call. */
  private lose(): void {
    this.drop();
    this.lease.free();
    this.held = "";
    this.state.connection = "elsewhere";
  }

  private read(attempt: Attempt): void {
    clearInterval(this.reading);
    let before: MediaStats | null = null;
    this.reading = setInterval(() => {
      void attempt.side.stats().then((now) => {
        if (this.attempt !== attempt) return;
        this.state.quality = judge(before, now);
        before = now;
      });
    }, READ_MS);
  }

  private drop(): void {
    clearTimeout(this.again);
    clearInterval(this.reading);
    this.attempt?.side.close();
    this.attempt = null;
    this.path = null;
    this.remote.value = null;
    this.state.quality = null;
  }
}

export const CALL_MEDIA: InjectionKey<CallMedia> = Symbol("call media");

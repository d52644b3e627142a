import { takeMicrophone, type DeviceError } from "@/core/devices";

type Take = () => Promise<[MediaStreamTrack | null, DeviceError]>;

/** A browser that waits for an answer that nobody gives must not hold the page. */
export const OPEN_MS = 8000;

/** The kiosk's microphone: opened once for a visitor, given back for good with `close`. */
export class Microphone {
  /** The live track, if there is one. */
  track: MediaStreamTrack | null = null;
  private opening: Promise<DeviceError> | null = null;
  private muted = false;
  /** Counts the closings: what was asked for before one is not taken after it. */
  private turn = 0;

  /** `lost` is told when the open microphone was unplugged. */
  constructor(
    private readonly lost: () => void,
    private readonly take: Take = takeMicrophone,
  ) {}

  /** Open the microphone, or keep the open one; "none" is success, no answer in 8 s is "failed". */
  open(): Promise<DeviceError> {
    if (this.track?.readyState === "live") return Promise.resolve("none");
    if (this.opening !== null) return this.opening;
    const asked = this.ask().finally(() => {
      if (this.opening === asked) this.opening = null;
    });
    this.opening = asked;
    return asked;
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (this.track !== null) this.track.enabled = !muted;
  }

  close(): void {
    this.turn += 1;
    this.opening = null;
    this.muted = false;
    this.track?.stop();
    this.track = null;
  }

  private async ask(): Promise<DeviceError> {
    const turn = ++this.turn;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<DeviceError>((resolve) => {
      timer = setTimeout(() => {
        // What comes after all is not wanted any more.
        if (this.turn === turn) this.turn += 1;
        resolve("failed");
      }, OPEN_MS);
    });
    const error = await Promise.race([this.receive(turn), limit]);
    clearTimeout(timer);
    return error;
  }

  private async receive(turn: number): Promise<DeviceError> {
    const [track, error] = await this.take();
    if (this.turn !== turn) {
      track?.stop();
      return "failed";
    }
    this.track = track;
    if (track === null) return error;
    track.enabled = !this.muted;
    track.addEventListener("ended", () => {
      if (this.track !== track) return;
      this.track = null;
      this.lost();
    });
    return error;
  }
}

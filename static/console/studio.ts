import { reactive, shallowReactive, type InjectionKey } from "vue";
import {
  listDevices, onDevicesChanged, pick, remember, remembered, takeBoth, takeCamera, takeMicrophone,
  type Device, type DeviceError, type DeviceKind, type DeviceList, type Memory,
} from "@/core/devices";
import { LevelMeter } from "@/core/level";

type TrackListener = (what: "microphone" | "face", track: MediaStreamTrack | null) => void;

/** The staff member's own camera and microphone: opened before the first call, kept open while ready. */
export class Studio {
  readonly state = reactive({
    phase: "closed" as "closed" | "opening" | "open",
    level: 0,
    muted: false,
    covered: false,
    list: { camera: [], microphone: [] } as DeviceList,
    chosen: { camera: "", microphone: "" } as Record<DeviceKind, string>,
    errors: { camera: "none", microphone: "none" } as Record<DeviceKind, DeviceError>,
  });
  readonly tracks = shallowReactive({
    microphone: null as MediaStreamTrack | null,
    face: null as MediaStreamTrack | null,
  });
  private meter: LevelMeter | null = null;
  private readonly listeners = new Set<TrackListener>();
  private opening: Promise<void> | null = null;
  /** Counts what was asked of each device: what an older request brings is not wanted any more. */
  private readonly rounds: Record<DeviceKind, number> = { camera: 0, microphone: 0 };
  /** Counts the releases: what was being opened before one stays closed. */
  private releases = 0;
  private readonly stopWatching: () => void;

  constructor(private readonly memory: Memory) {
    this.stopWatching = onDevicesChanged(() => void this.changed());
  }

  /** Open what is not open; the same promise for all who ask meanwhile. */
  open(): Promise<void> {
    if (this.opening !== null) return this.opening;
    const opening: Promise<void> = this.openBoth().finally(() => {
      if (this.opening === opening) this.opening = null;
    });
    this.opening = opening;
    return opening;
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    const device = this.state.list[kind].find((each) => each.id === id);
    if (device !== undefined) remember(this.memory, kind, device);
    await this.take(kind, id);
  }

  mute(muted: boolean): void {
    this.state.muted = muted;
    if (this.tracks.microphone !== null) this.tracks.microphone.enabled = !muted;
  }

  cover(covered: boolean): void {
    this.state.covered = covered;
    if (this.tracks.face !== null) this.tracks.face.enabled = !covered;
    // A track that is only disabled sends black: nothing is sent, so that the other side can say so.
    this.tell("face");
  }

  /** What a connection sends: nothing of a covered camera. */
  get sent(): { microphone: MediaStreamTrack | null; face: MediaStreamTrack | null } {
    return { microphone: this.tracks.microphone, face: this.state.covered ? null : this.tracks.face };
  }

  /** Be told when another track takes the place of the one that is sent. */
  onTrack(fn: TrackListener): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** Switch the lamps of the devices off. */
  release(): void {
    this.rounds.camera += 1;
    this.rounds.microphone += 1;
    this.releases += 1;
    this.opening = null;
    this.put("microphone", null);
    this.put("camera", null);
    this.state.phase = "closed";
    this.mute(false);
    this.cover(false);
  }

  close(): void {
    this.release();
    this.stopWatching();
    this.listeners.clear();
  }

  private async openBoth(): Promise<void> {
    const releases = this.releases;
    if (this.state.phase !== "open") this.state.phase = "opening";
    const [microphone, camera] = (["microphone", "camera"] as const).map((kind) => remembered(this.memory, kind)?.id);
    const [hears, sees] = [this.tracks.microphone, this.tracks.face].map((track) => track?.readyState === "live");
    if (!hears && !sees) {
      const [ears, eyes] = [this.next("microphone"), this.next("camera")];
      const opened = await takeBoth(microphone, camera);
      this.accept("microphone", ears, opened.microphone, opened.errors.microphone);
      this.accept("camera", eyes, opened.face, opened.errors.camera);
    } else if (!hears) await this.take("microphone", microphone);
    else if (!sees) await this.take("camera", camera);
    await this.relist();
    if (releases === this.releases) this.state.phase = "open";
  }

  private next(kind: DeviceKind): number {
    this.rounds[kind] += 1;
    return this.rounds[kind];
  }

  private async take(kind: DeviceKind, id: string | undefined): Promise<void> {
    const round = this.next(kind);
    const [track, error] = kind === "camera" ? await takeCamera(id) : await takeMicrophone(id);
    this.accept(kind, round, track, error);
    await this.relist();
  }

  private accept(kind: DeviceKind, round: number, track: MediaStreamTrack | null, error: DeviceError): void {
    if (round !== this.rounds[kind]) {
      track?.stop();
      return;
    }
    this.state.errors[kind] = error;
    this.put(kind, track);
  }

  private put(kind: DeviceKind, track: MediaStreamTrack | null): void {
    const what = kind === "camera" ? "face" : "microphone";
    this.tracks[what]?.stop();
    this.tracks[what] = track;
    if (track !== null) {
      track.enabled = kind === "camera" ? !this.state.covered : !this.state.muted;
      track.addEventListener("ended", () => void this.changed());
      if (kind === "camera") track.contentHint = "motion";
    }
    if (kind === "microphone") this.measure(track);
    this.tell(what);
  }

  private tell(what: "microphone" | "face"): void {
    for (const fn of [...this.listeners]) fn(what, this.sent[what]);
  }

  private measure(track: MediaStreamTrack | null): void {
    this.meter?.close();
    this.state.level = 0;
    this.meter = track === null ? null : new LevelMeter(track, (level) => (this.state.level = level));
  }

  private async relist(): Promise<void> {
    this.state.list = await listDevices();
    for (const kind of ["camera", "microphone"] as const) {
      const track = kind === "camera" ? this.tracks.face : this.tracks.microphone;
      const known: Device | null = pick(this.state.list[kind], remembered(this.memory, kind));
      const used = track?.getSettings().deviceId ?? "";
      this.state.chosen[kind] = this.state.list[kind].some((each) => each.id === used) ? used : (known?.id ?? "");
    }
  }

  /** A device came or went: list again, and replace one that ended under us. */
  private async changed(): Promise<void> {
    await this.relist();
    if (this.state.phase !== "open") return;
    const { microphone, face } = this.tracks;
    if (microphone?.readyState !== "live" || face?.readyState !== "live") await this.open();
  }
}

export const STUDIO: InjectionKey<Studio> = Symbol("studio");

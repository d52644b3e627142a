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
  private readonly stopWatching: () => void;

  constructor(private readonly memory: Memory) {
    this.stopWatching = onDevicesChanged(() => void this.changed());
  }

  /** Open what is not open; the same promise for all who ask meanwhile. */
  open(): Promise<void> {
    this.opening ??= this.openBoth().finally(() => (this.opening = null));
    return this.opening;
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
  }

  /** Be told when another track takes the place of the one that is sent. */
  onTrack(fn: TrackListener): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** Switch the lamps of the devices off. */
  release(): void {
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
    if (this.state.phase !== "open") this.state.phase = "opening";
    const [microphone, camera] = (["microphone", "camera"] as const).map((kind) => remembered(this.memory, kind)?.id);
    const [hears, sees] = [this.tracks.microphone, this.tracks.face].map((track) => track?.readyState === "live");
    if (!hears && !sees) {
      const opened = await takeBoth(microphone, camera);
      this.state.errors = opened.errors;
      this.put("microphone", opened.microphone);
      this.put("camera", opened.face);
    } else if (!hears) await this.take("microphone", microphone);
    else if (!sees) await this.take("camera", camera);
    await this.relist();
    this.state.phase = "open";
  }

  private async take(kind: DeviceKind, id: string | undefined): Promise<void> {
    const [track, error] = kind === "camera" ? await takeCamera(id) : await takeMicrophone(id);
    this.state.errors[kind] = error;
    this.put(kind, track);
    await this.relist();
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
    for (const fn of [...this.listeners]) fn(what, track);
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

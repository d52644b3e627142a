export type DeviceKind = "camera" | "microphone";

export interface Device {
  id: string;
  label: string;
}

export type DeviceList = Record<DeviceKind, Device[]>;
export type DeviceError = "none" | "insecure" | "not_allowed" | "not_found" | "busy" | "failed";

export interface Opened {
  microphone: MediaStreamTrack | null;
  face: MediaStreamTrack | null;
  errors: Record<DeviceKind, DeviceError>;
}

/** Where a choice is remembered: `localStorage` in a page, a plain map in a test. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = { camera: "vwindow.camera", microphone: "vwindow.microphone" } as const;

/** The remembered device: by id, else by label (ids change when site data is cleared), else the first. */
export function pick(devices: readonly Device[], remembered: Device | null): Device | null {
  if (remembered !== null) {
    const same = devices.find((each) => each.id === remembered.id);
    const alike = devices.find((each) => each.label !== "" && each.label === remembered.label);
    if (same ?? alike) return same ?? alike ?? null;
  }
  return devices[0] ?? null;
}

export function remember(memory: Memory, kind: DeviceKind, device: Device): void {
  memory.setItem(KEY[kind], JSON.stringify(device));
}

export function remembered(memory: Memory, kind: DeviceKind): Device | null {
  try {
    const value: unknown = JSON.parse(memory.getItem(KEY[kind]) ?? "null");
    const device = value as Partial<Device> | null;
    return typeof device?.id === "string" && typeof device.label === "string"
      ? { id: device.id, label: device.label }
      : null;
  } catch {
    return null;
  }
}

export async function listDevices(): Promise<DeviceList> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind): Device[] =>
    all
      .filter((each) => each.kind === kind && each.deviceId !== "communications")
      .map((each) => ({ id: each.deviceId, label: each.label }));
  return { camera: of("videoinput"), microphone: of("audioinput") };
}

/** Why the browser did not give a device, as a code. */
export function whyNot(error: unknown): DeviceError {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "not_allowed";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "not_found";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "failed";
}

async function take(constraints: MediaStreamConstraints): Promise<[MediaStreamTrack | null, DeviceError]> {
  if (navigator.mediaDevices === undefined) return [null, "insecure"];
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    return [stream.getTracks()[0] ?? null, "none"];
  } catch (error) {
    return [null, whyNot(error)];
  }
}

const preferred = (id: string | undefined): Pick<MediaTrackConstraints, "deviceId"> =>
  id === undefined || id === "" ? {} : { deviceId: { ideal: id } };

const microphoneWanted = (id?: string): MediaTrackConstraints => ({
  ...preferred(id),
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  channelCount: 1,
});

const cameraWanted = (id?: string): MediaTrackConstraints => ({
  ...preferred(id),
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
});

export const takeMicrophone = (id?: string): Promise<[MediaStreamTrack | null, DeviceError]> =>
  take({ audio: microphoneWanted(id) });

export const takeCamera = (id?: string): Promise<[MediaStreamTrack | null, DeviceError]> =>
  take({ video: cameraWanted(id) });

/** Open both with one question to the person; if that fails each on its own: a missing camera must not cost the voice. */
export async function takeBoth(microphoneId?: string, cameraId?: string): Promise<Opened> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: microphoneWanted(microphoneId),
      video: cameraWanted(cameraId),
    });
    const [microphone, face] = [stream.getAudioTracks()[0] ?? null, stream.getVideoTracks()[0] ?? null];
    return { microphone, face, errors: { microphone: "none", camera: "none" } };
  } catch {
    const [microphone, microphoneError] = await takeMicrophone(microphoneId);
    const [face, faceError] = await takeCamera(cameraId);
    return { microphone, face, errors: { microphone: microphoneError, camera: faceError } };
  }
}

/** Be told when a device is plugged in or pulled out. */
export function onDevicesChanged(fn: () => void): () => void {
  navigator.mediaDevices?.addEventListener("devicechange", fn);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", fn);
}

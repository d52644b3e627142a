/** Loudness of a block of samples (-1..1) on a scale of 0..1, where 0 is −60 dB and below and 1 is full scale. */
export function toLevel(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += (samples[index] ?? 0) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms <= 0.001) return 0;
  return Math.min(1, 1 + Math.log10(rms) / 3);
}

const BLOCK = 1024;
const EVERY_MS = 80;

/** Shows how loud a microphone is, 12 times a second. */
export class LevelMeter {
  private readonly context = new AudioContext();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(track: MediaStreamTrack, onLevel: (level: number) => void) {
    const analyser = this.context.createAnalyser();
    analyser.fftSize = BLOCK;
    this.context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(BLOCK);
    this.timer = setInterval(() => {
      // Browsers suspend a context that was made before the first touch or key.
      if (this.context.state === "suspended") void this.context.resume();
      analyser.getFloatTimeDomainData(samples);
      onLevel(track.enabled && track.readyState === "live" ? toLevel(samples) : 0);
    }, EVERY_MS);
  }

  close(): void {
    clearInterval(this.timer);
    void this.context.close();
  }
}

const NOTES = [
  { hertz: 659, at: 0, seconds: 0.35 },
  { hertz: 523, at: 0.4, seconds: 0.6 },
];
const EVERY_MS = 2500;
const LOUDNESS = 0.18;

/** A soft two-note bell, repeated until stopped. */
export class Ring {
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  get ringing(): boolean {
    return this.timer !== undefined;
  }

  /** Call once from a touch or key: browsers keep pages silent before one. */
  unlock(): void {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
  }

  start(): void {
    if (this.ringing) return;
    this.unlock();
    this.strike();
    this.timer = setInterval(() => this.strike(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private strike(): void {
    const context = this.context;
    if (context === null || context.state !== "running") return;
    for (const note of NOTES) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      const begin = context.currentTime + note.at;
      tone.frequency.value = note.hertz;
      gain.gain.setValueAtTime(0, begin);
      gain.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, begin + note.seconds);
      tone.connect(gain).connect(context.destination);
      tone.start(begin);
      tone.stop(begin + note.seconds);
    }
  }
}

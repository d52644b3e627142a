/** What a transport needs of a video element. */
export interface Playable {
  currentTime: number;
  playbackRate: number;
  readonly duration: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  play(): Promise<void>;
  pause(): void;
}

/** Seconds of drift: below, nothing is done; above the second, catching up by speed would take too long. */
const TOLERATED = 0.1;
const TOO_FAR = 0.6;
const CATCH_UP = 0.1;

export type Correction = { kind: "none" } | { kind: "rate"; rate: number } | { kind: "seek"; to: number };

/** How the follower comes back to the leader: small drifts by speed, which nobody hears as a jump. */
export function correction(leader: number, follower: number): Correction {
  const behind = leader - follower;
  if (Math.abs(behind) <= TOLERATED) return { kind: "none" };
  if (Math.abs(behind) <= TOO_FAR) return { kind: "rate", rate: 1 + Math.sign(behind) * CATCH_UP };
  return { kind: "seek", to: leader };
}

/** One transport for all files of a recording: the first leads, the others follow. */
export class Transport {
  constructor(
    private readonly leader: Playable,
    private readonly followers: readonly Playable[] = [],
    private readonly fallbackDuration = 0,
  ) {}

  get time(): number {
    return this.leader.currentTime;
  }

  get playing(): boolean {
    return !this.leader.paused && !this.leader.ended;
  }

  get duration(): number {
    const known = [this.leader, ...this.followers].map((each) => each.duration);
    return Math.max(0, ...[...known, this.fallbackDuration].filter((each) => Number.isFinite(each)));
  }

  async play(): Promise<void> {
    if (this.leader.ended) this.seek(0);
    this.align();
    await Promise.all([this.leader, ...this.followers].map((each) => each.play()));
  }

  pause(): void {
    for (const each of [this.leader, ...this.followers]) each.pause();
    this.align();
  }

  seek(to: number): void {
    const time = Math.min(Math.max(0, to), this.duration);
    for (const each of [this.leader, ...this.followers]) each.currentTime = time;
  }

  /** Call a few times a second while playing. */
  follow(): void {
    if (this.leader.seeking) return;
    for (const follower of this.followers) this.lead(follower);
  }

  private lead(follower: Playable): void {
    if (follower.seeking) return;
    // One that is not there yet, or can no longer be played, keeps nobody waiting.
    if (this.playing && follower.paused && !follower.ended) void follower.play().catch(() => undefined);
    if (!this.playing && !follower.paused) follower.pause();
    if (follower.ended) return;
    const step = correction(this.leader.currentTime, follower.currentTime);
    follower.playbackRate = step.kind === "rate" ? step.rate : 1;
    if (step.kind === "seek") follower.currentTime = step.to;
  }

  private align(): void {
    for (const follower of this.followers) {
      follower.playbackRate = 1;
      if (correction(this.leader.currentTime, follower.currentTime).kind !== "none") {
        follower.currentTime = this.leader.currentTime;
      }
    }
  }
}

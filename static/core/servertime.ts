/** The server's clock as seen from a page whose own clock may be wrong. */
export class ServerTime {
  private offset = 0;

  constructor(private readonly own: () => number = Date.now) {}

  /** Learn from a message that was sent at `serverTime` (ISO 8601). */
  learn(serverTime: string): void {
    const theirs = Date.parse(serverTime);
    if (!Number.isNaN(theirs)) this.offset = theirs - this.own();
  }

  now(): number {
    return this.own() + this.offset;
  }

  /** Seconds since `iso`, never negative. */
  since(iso: string | null): number {
    return iso === null ? 0 : Math.max(0, (this.now() - Date.parse(iso)) / 1000);
  }

  /** Seconds until `iso`, never negative. */
  until(iso: string | null): number {
    return iso === null ? 0 : Math.max(0, (Date.parse(iso) - this.now()) / 1000);
  }
}

/** 75 → "1:15", 3675 → "1:01:15". */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

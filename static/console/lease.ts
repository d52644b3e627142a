const NAME = "vwindow.call-media";

/** Which of several tabs holds the media of the call: one at a time, freed by the browser when its tab goes. */
export class MediaLease {
  private release: (() => void) | null = null;
  private asking: Promise<boolean> | null = null;

  constructor(private readonly locks: LockManager | undefined = navigator.locks) {}

  /** Take it if it is free, or away from its holder with `steal`; `onLost` tells a holder that it lost it. */
  take(onLost: () => void, steal = false): Promise<boolean> {
    if (this.release !== null || this.locks === undefined) return Promise.resolve(true);
    this.asking ??= this.request(this.locks, onLost, steal).finally(() => (this.asking = null));
    return this.asking;
  }

  free(): void {
    this.release?.();
    this.release = null;
  }

  private request(locks: LockManager, onLost: () => void, steal: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const hold = (lock: Lock | null): Promise<void> | void => {
        resolve(lock !== null);
        if (lock !== null) return new Promise<void>((free) => (this.release = free));
      };
      locks.request(NAME, steal ? { steal: true } : { ifAvailable: true }, hold).catch(() => {
        this.release = null;
        resolve(false);
        onLost();
      });
    });
  }
}

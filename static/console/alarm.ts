import { Ring } from "@/core/ring";

const FLASH_MS = 900;

/** What calls a staff member who looks elsewhere: bell, flashing title, desktop notification. */
export class Alarm {
  private readonly ring = new Ring();
  private flashing: ReturnType<typeof setInterval> | undefined;
  private title = "";
  private notification: Notification | null = null;

  /** Call from a touch or key: browsers allow sound and the question for notifications only then. */
  unlock(): void {
    this.ring.unlock();
    if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
  }

  start(words: { flash: string; title: string; body: string }): void {
    if (this.flashing !== undefined) return;
    this.ring.start();
    this.title = document.title;
    this.flashing = setInterval(() => {
      document.title = document.title === this.title ? `${words.flash}${words.body}` : this.title;
    }, FLASH_MS);
    this.notify(words.title, words.body);
  }

  stop(): void {
    this.ring.stop();
    this.notification?.close();
    this.notification = null;
    if (this.flashing === undefined) return;
    clearInterval(this.flashing);
    this.flashing = undefined;
    document.title = this.title;
  }

  private notify(title: string, body: string): void {
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    this.notification = new Notification(title, { body, tag: "vwindow-ring", requireInteraction: true });
    this.notification.addEventListener("click", () => window.focus());
  }
}

import type { Socket } from "../link";

type Listener = (...values: any[]) => void;

/** A Socket.IO socket without a network: the test connects, ends and answers it. */
export class FakeSocket implements Socket {
  connected = false;
  active = true;
  connects = 0;
  readonly sent: { event: string; payload: unknown }[] = [];
  /** What the next emits are answered with; an Error stands for silence. */
  answer: unknown = { ok: true, error: null, call: null };
  private readonly listeners = new Map<string, Set<Listener>>();

  connect(): void {
    this.connects += 1;
  }

  disconnect(): void {
    this.connected = false;
    this.active = false;
  }

  on(event: string, fn: Listener): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(fn));
  }

  off(event: string, fn: Listener): void {
    this.listeners.get(event)?.delete(fn);
  }

  timeout(): { emitWithAck(event: string, payload: unknown): Promise<unknown> } {
    return {
      emitWithAck: async (event, payload) => {
        this.sent.push({ event, payload });
        if (this.answer instanceof Error) throw this.answer;
        return this.answer;
      },
    };
  }

  /** Let something arrive. */
  give(event: string, value?: unknown): void {
    for (const fn of this.listeners.get(event) ?? []) fn(value);
  }

  up(): void {
    this.connected = true;
    this.active = true;
    this.give("connect");
  }

  down(reason: string, active: boolean): void {
    this.connected = false;
    this.active = active;
    this.give("disconnect", reason);
  }
}

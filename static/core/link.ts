import { io } from "socket.io-client";
import type { Ack } from "./wire";

/** What a link needs of a Socket.IO socket; tests bring their own. */
export interface Socket {
  readonly connected: boolean;
  /** False once the server has refused or ended the connection: then nobody tries again by itself. */
  readonly active: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, fn: (...values: any[]) => void): unknown;
  off(event: string, fn: (...values: any[]) => void): unknown;
  timeout(ms: number): { emitWithAck(event: string, payload: unknown): Promise<unknown> };
}

export interface LinkOptions {
  namespace: string;
  auth?: Record<string, string>;
  /** Origin of the server; the page's own by default. */
  url?: string;
  /** Opens the socket; replaced in tests. */
  open?: (url: string, auth: Record<string, string>) => Socket;
}

export type StateListener = (up: boolean, reason: string) => void;

const ANSWER_MS = 5000;
const BACK_OFF_MS = { first: 250, most: 1000 };

function openSocket(url: string, auth: Record<string, string>): Socket {
  return io(url, {
    auth,
    multiplex: false,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    timeout: 4000,
    reconnectionDelay: BACK_OFF_MS.first,
    reconnectionDelayMax: BACK_OFF_MS.most,
    randomizationFactor: 0.3,
  });
}

function failure(code: string): Ack {
  return { ok: false, error: { code, retryable: true }, call: null };
}

function isAck(value: unknown): value is Ack {
  return typeof value === "object" && value !== null && typeof (value as Ack).ok === "boolean";
}

/** The one connection of a page to its server: typed events, every one answered, reconnecting for ever. */
export class Link<Out extends object, In extends object> {
  private readonly socket: Socket;
  private readonly listeners = new Set<StateListener>();
  private reason = "connecting";
  private refusals = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(options: LinkOptions) {
    const open = options.open ?? openSocket;
    this.socket = open(`${options.url ?? ""}${options.namespace}`, options.auth ?? {});
    this.socket.on("connect", () => {
      this.refusals = 0;
      this.tell("");
    });
    this.socket.on("disconnect", (reason: string) => {
      this.tell(reason);
      this.retryIfLeft();
    });
    this.socket.on("connect_error", (error: Error) => {
      this.tell(this.socket.active ? "unreachable" : error.message || "refused");
      this.retryIfLeft();
    });
  }

  get up(): boolean {
    return this.socket.connected;
  }

  /** Send an event and wait for its answer; without one in 5 s the answer is the error `no_answer`. */
  async emit<K extends keyof Out & string>(event: K, payload: Out[K]): Promise<Ack> {
    if (this.closed) return failure("link_closed");
    try {
      const answer = await this.socket.timeout(ANSWER_MS).emitWithAck(event, payload);
      return isAck(answer) ? answer : failure("bad_answer");
    } catch {
      return failure("no_answer");
    }
  }

  /** Listen to an event; returns the function that stops listening. */
  on<K extends keyof In & string>(event: K, fn: (payload: In[K]) => void): () => void {
    const listener = fn as (...values: any[]) => void;
    this.socket.on(event, listener);
    return () => this.socket.off(event, listener);
  }

  /** Be told now and at each change whether the link is up; the reason is a code, empty while up. */
  onState(fn: StateListener): () => void {
    this.listeners.add(fn);
    fn(this.up, this.reason);
    return () => this.listeners.delete(fn);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.listeners.clear();
    this.socket.disconnect();
  }

  private tell(reason: string): void {
    this.reason = reason;
    for (const fn of [...this.listeners]) fn(this.up, reason);
  }

  /** Socket.IO gives up after a refusal or when the server ends the connection: go on in its place. */
  private retryIfLeft(): void {
    if (this.closed || this.socket.active) return;
    clearTimeout(this.retry);
    const wait = Math.min(BACK_OFF_MS.first * 2 ** this.refusals, BACK_OFF_MS.most);
    this.refusals += 1;
    this.retry = setTimeout(() => this.socket.connect(), wait);
  }
}

import { computed, reactive, type ComputedRef, type InjectionKey } from "vue";
import { Link } from "@/core/link";
import { ServerTime } from "@/core/servertime";
import type {
  Ack, CallDecline, CallOutcome, RecordingLight, ServerToStaff, StaffCall, StaffMirror, StaffPause, StaffToServer,
} from "@/core/wire";
import { liveCall, noticeOf, phaseOf, type Notice, type Phase } from "./visit";

export interface DeskState {
  linkUp: boolean;
  linkReason: string;
  mirror: StaffMirror | null;
  light: RecordingLight | null;
  /** When the light last came, on the page's own clock (ms). */
  lightAt: number;
  notice: Notice | null;
  /** Code of the last order that was not taken. */
  refused: string | null;
}

export type StaffLink = Link<StaffToServer, ServerToStaff>;

/** What the server tells this console, and the orders that it takes; draws nothing and owns no media. */
export class Desk {
  readonly state: DeskState = reactive({
    linkUp: false,
    linkReason: "connecting",
    mirror: null,
    light: null,
    lightAt: 0,
    notice: null,
    refused: null,
  });
  readonly time = new ServerTime();
  readonly phase: ComputedRef<Phase> = computed(() => phaseOf(this.state.mirror));
  readonly call: ComputedRef<StaffCall | null> = computed(() => liveCall(this.state.mirror));
  private declined: string | null = null;
  private answered: string | null = null;
  private newLink = false;

  constructor(readonly link: StaffLink) {
    link.onState((up, reason) => {
      this.state.linkUp = up;
      this.newLink ||= up;
      this.state.linkReason = reason;
    });
    link.on("staff.mirror", (mirror) => this.take(mirror));
    link.on("call.changed", (call) => {
      if (this.state.mirror !== null) this.take({ ...this.state.mirror, call });
    });
    link.on("recording.light", (light) => {
      if (light.call !== this.call.value?.call) return;
      this.state.light = light;
      this.state.lightAt = performance.now();
    });
  }

  ready(): Promise<Ack> {
    return this.order(this.link.emit("staff.ready", {}));
  }

  pause(reason: StaffPause["reason"]): Promise<Ack> {
    return this.order(this.link.emit("staff.break", { reason }));
  }

  off(): Promise<Ack> {
    return this.order(this.link.emit("staff.off", {}));
  }

  answer(call: string): Promise<Ack> {
    this.answered = call;
    return this.order(this.link.emit("call.answer", { call }));
  }

  decline(call: string, reason: CallDecline["reason"]): Promise<Ack> {
    this.declined = call;
    return this.order(this.link.emit("call.decline", { call, reason }));
  }

  hangUp(call: string): Promise<Ack> {
    return this.order(this.link.emit("call.hang_up", { call }));
  }

  /** Have nothing kept while a secret is said; the light shows what comes of it. */
  suspend(call: string): Promise<Ack> {
    return this.order(this.link.emit("recording.suspend", { call }));
  }

  resume(call: string): Promise<Ack> {
    return this.order(this.link.emit("recording.resume", { call }));
  }

  note(outcome: CallOutcome): Promise<Ack> {
    return this.order(this.link.emit("call.outcome", outcome));
  }

  close(): void {
    this.link.close();
  }

  private take(mirror: StaffMirror): void {
    const before = this.call.value;
    if (mirror.server_time !== this.state.mirror?.server_time) this.time.learn(mirror.server_time);
    this.state.notice = this.noticeOn(before, mirror);
    this.state.mirror = mirror;
    this.newLink = false;
    if (before?.call !== this.call.value?.call) this.state.light = null;
  }

  private noticeOn(before: StaffCall | null, mirror: StaffMirror): Notice | null {
    const was = this.state.mirror?.state;
    // Before all else: a server that has just started knows nothing of the ring either.
    if (this.newLink && mirror.state === "off" && was !== undefined && was !== "off") return { code: "off_now" };
    const gone = noticeOf(before, mirror, this.declined, this.answered);
    if (gone !== null) return gone;
    return mirror.call?.phase === "ringing" || mirror.state !== was ? null : this.state.notice;
  }

  private async order(answer: Promise<Ack>): Promise<Ack> {
    const ack = await answer;
    this.state.refused = ack.ok ? null : (ack.error?.code ?? "failed");
    if (!ack.ok) void this.link.emit("mirror.ask", {});
    return ack;
  }
}

export const DESK: InjectionKey<Desk> = Symbol("desk");

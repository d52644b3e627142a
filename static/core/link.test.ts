import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket } from "./fakes/socket";
import { Link } from "./link";
import type { ServerToStaff, StaffToServer } from "./wire";

function setUp() {
  const socket = new FakeSocket();
  const opened: string[] = [];
  const link = new Link<StaffToServer, ServerToStaff>({
    namespace: "/staff",
    open: (url) => {
      opened.push(url);
      return socket;
    },
  });
  return { socket, link, opened };
}

describe("Link", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("opens its namespace and passes acks on", async () => {
    const { socket, link, opened } = setUp();
    socket.up();
    expect(opened).toEqual(["/staff"]);
    expect(await link.emit("staff.ready", {})).toEqual({ ok: true, error: null, call: null });
    expect(socket.sent).toEqual([{ event: "staff.ready", payload: {} }]);
  });

  it("turns silence and nonsense into retryable errors", async () => {
    const { socket, link } = setUp();
    socket.answer = new Error("timed out");
    expect((await link.emit("staff.off", {})).error).toEqual({ code: "no_answer", retryable: true });
    socket.answer = "yes";
    expect((await link.emit("staff.off", {})).error).toEqual({ code: "bad_answer", retryable: true });
  });

  it("tells its state at once and at each change", () => {
    const { socket, link } = setUp();
    const seen: [boolean, string][] = [];
    link.onState((up, reason) => seen.push([up, reason]));
    socket.up();
    socket.down("ping timeout", true);
    expect(seen).toEqual([
      [false, "connecting"],
      [true, ""],
      [false, "ping timeout"],
    ]);
  });

  it("comes back with growing waits after the server refused or ended it", () => {
    const { socket } = setUp();
    socket.down("io server disconnect", false);
    vi.advanceTimersByTime(250);
    expect(socket.connects).toBe(1);
    for (let round = 0; round < 8; round += 1) {
      socket.give("connect_error", new Error("signed_out"));
      vi.advanceTimersByTime(3000);
      expect(socket.connects).toBe(round + 2);
    }
  });

  it("leaves reconnecting to Socket.IO while that is at it, and stops when closed", async () => {
    const { socket, link } = setUp();
    socket.down("transport close", true);
    vi.advanceTimersByTime(10_000);
    expect(socket.connects).toBe(0);
    link.close();
    socket.down("io client disconnect", false);
    vi.advanceTimersByTime(10_000);
    expect(socket.connects).toBe(0);
    expect((await link.emit("staff.off", {})).error?.code).toBe("link_closed");
  });

  it("stops listening when told", () => {
    const { socket, link } = setUp();
    const got: string[] = [];
    const off = link.on("call.changed", (call) => got.push(call.call));
    socket.give("call.changed", { call: "a" });
    off();
    socket.give("call.changed", { call: "b" });
    expect(got).toEqual(["a"]);
  });
});

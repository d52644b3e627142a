import { describe, expect, it } from "vitest";
import { configuration, NO_WAYS, readPath } from "./path";

type Rows = [string, Record<string, unknown>][];
const chromium = (local: Record<string, unknown>): Rows => [
  ["T", { type: "transport", selectedCandidatePairId: "P2" }],
  ["P1", { type: "candidate-pair", nominated: true, state: "succeeded", localCandidateId: "L1" }],
  ["P2", { type: "candidate-pair", nominated: true, state: "succeeded", localCandidateId: "L2" }],
  ["L1", { type: "local-candidate", candidateType: "host", protocol: "udp" }],
  ["L2", { type: "local-candidate", ...local }],
];

describe("the way of the selected pair", () => {
  it.each([
    ["udp", { candidateType: "host", protocol: "udp" }],
    ["udp", { candidateType: "prflx", protocol: "udp" }],
    ["tcp", { candidateType: "host", protocol: "tcp" }],
    ["relay_udp", { candidateType: "relay", protocol: "udp", relayProtocol: "udp" }],
    ["relay_tcp", { candidateType: "relay", protocol: "udp", relayProtocol: "tcp" }],
    ["relay_tls", { candidateType: "relay", protocol: "udp", relayProtocol: "tls" }],
  ])("is %s", (path, local) => {
    expect(readPath(chromium(local))).toBe(path);
  });

  it("is found as Firefox tells it", () => {
    const rows: Rows = [
      ["a", { type: "candidate-pair", selected: false, localCandidateId: "x" }],
      ["b", { type: "candidate-pair", selected: true, localCandidateId: "y" }],
      ["x", { type: "local-candidate", candidateType: "host", protocol: "udp" }],
      ["y", { type: "local-candidate", candidateType: "relay", protocol: "udp", relayProtocol: "tls" }],
    ];
    expect(readPath(rows)).toBe("relay_tls");
  });

  it("is nothing before a pair is selected", () => {
    expect(readPath([])).toBeNull();
    expect(readPath([["T", { type: "transport" }], ["L", { type: "local-candidate", protocol: "udp" }]])).toBeNull();
  });
});

describe("the configuration", () => {
  it("asks nobody when there is no TURN server", () => {
    expect(configuration(NO_WAYS)).toMatchObject({ iceServers: [], iceTransportPolicy: "all" });
  });

  it("takes the server's credential, and no other way when told so", () => {
    const server = { urls: ["turn:t.example?transport=tcp"], username: "9:a", credential: "p" };
    const made = configuration({ ice_servers: [server], relay_only: true });
    expect(made).toMatchObject({ iceServers: [server], iceTransportPolicy: "relay" });
  });
});

import type { KioskCall, PathReport } from "./wire";

export type Path = PathReport["path"];
/** How a media connection may reach the worker: TURN servers of this call, and whether they are the only way. */
export type Ways = Pick<KioskCall, "ice_servers" | "relay_only">;

export const NO_WAYS: Ways = { ice_servers: [], relay_only: false };

type Entry = Record<string, unknown>;

function selectedPair(entries: Map<unknown, Entry>): Entry | undefined {
  const all = [...entries.values()];
  const transport = all.find((each) => each.type === "transport" && each.selectedCandidatePairId !== undefined);
  if (transport !== undefined) return entries.get(transport.selectedCandidatePairId);
  // Firefox marks the pair itself.
  return all.find((each) => each.type === "candidate-pair" && each.selected === true);
}

/** Which way the selected candidate pair takes (W3C webrtc-stats); null while there is none. */
export function readPath(report: Iterable<[string, unknown]>): Path | null {
  const entries = new Map<unknown, Entry>();
  for (const [id, value] of report) entries.set(id, value as Entry);
  const local = entries.get(selectedPair(entries)?.localCandidateId);
  if (local === undefined) return null;
  if (local.candidateType === "relay") {
    const how = local.relayProtocol;
    return how === "tcp" ? "relay_tcp" : how === "tls" ? "relay_tls" : "relay_udp";
  }
  return local.protocol === "tcp" ? "tcp" : "udp";
}

/** What a peer connection is configured with to take these ways. */
export function configuration(ways: Ways): RTCConfiguration {
  return {
    iceServers: ways.ice_servers.map(({ urls, username, credential }) => ({ urls, username, credential })),
    iceTransportPolicy: ways.relay_only ? "relay" : "all",
    bundlePolicy: "max-bundle",
    rtcpMuxPolicy: "require",
  };
}

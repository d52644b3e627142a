/** Running totals of a media connection since it began; rates come from two readings. */
export interface MediaStats {
  /** Milliseconds; only differences count. */
  at: number;
  rttMs: number | null;
  received: number;
  lost: number;
  bytesReceived: number;
  bytesSent: number;
  framesDecoded: number;
  freezes: number;
  frozenMs: number;
  width: number;
  height: number;
  /** Share of our packets that did not arrive, as the worker last reported it (0..1). */
  sendLoss: number;
}

type Entry = Record<string, unknown>;
const figure = (entry: Entry, key: string): number => (typeof entry[key] === "number" ? (entry[key] as number) : 0);

function addInbound(stats: MediaStats, entry: Entry): void {
  stats.received += figure(entry, "packetsReceived");
  stats.lost += Math.max(0, figure(entry, "packetsLost"));
  stats.bytesReceived += figure(entry, "bytesReceived");
  if (entry.kind !== "video") return;
  stats.framesDecoded += figure(entry, "framesDecoded");
  stats.freezes += figure(entry, "freezeCount");
  stats.frozenMs += figure(entry, "totalFreezesDuration") * 1000;
  stats.width = Math.max(stats.width, figure(entry, "frameWidth"));
  stats.height = Math.max(stats.height, figure(entry, "frameHeight"));
}

/** Sum up what a browser reports (W3C webrtc-stats) into the few figures that we judge by. */
export function readStats(report: Iterable<[string, unknown]>): MediaStats {
  const stats: MediaStats = {
    at: 0, rttMs: null, received: 0, lost: 0, bytesReceived: 0, bytesSent: 0,
    framesDecoded: 0, freezes: 0, frozenMs: 0, width: 0, height: 0, sendLoss: 0,
  };
  for (const [, value] of report) {
    const entry = value as Entry;
    stats.at = Math.max(stats.at, figure(entry, "timestamp"));
    if (entry.type === "inbound-rtp") addInbound(stats, entry);
    else if (entry.type === "outbound-rtp") stats.bytesSent += figure(entry, "bytesSent");
    else if (entry.type === "remote-inbound-rtp") {
      stats.sendLoss = Math.max(stats.sendLoss, figure(entry, "fractionLost"));
    } else if (entry.type === "candidate-pair" && entry.nominated === true && "currentRoundTripTime" in entry) {
      stats.rttMs = figure(entry, "currentRoundTripTime") * 1000;
    }
  }
  return stats;
}

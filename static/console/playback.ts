import type { RecordedFile, RecordingFacts, Stretch } from "./pastcall";

/** One picture of a recording with the voice that goes with it. */
export interface Tile {
  /** "kiosk", "staff", "kiosk.document", …: what the file is asked for by. */
  file: string;
  side: string;
  /** What is seen: "face", "document", "screen"; empty for a voice alone. */
  what: string;
  /** The source of the picture, of the voice when there is none. */
  source: string;
}

/** A stretch of which nothing was kept, of any source. */
export interface Mark extends Stretch {
  why: "pause" | "part";
}

const ORDER = ["kiosk", "staff", "guest"];
/** Shorter holes are those between the last packet and the next keyframe. */
const SEEN = 0.5;

/** All that can be played: people first, the visitor before the others, then papers and screens. */
export function tilesOf(facts: Pick<RecordingFacts, "files">): Tile[] {
  return facts.files.map(tileOf).sort((one, other) => rank(one) - rank(other) || one.file.localeCompare(other.file));
}

function tileOf({ file, tracks }: RecordedFile): Tile {
  const picture = tracks.find((track) => track.kind === "video")?.source ?? "";
  const [side = file] = file.split(".");
  return { file, side, what: picture.split(".")[1] ?? "", source: picture || (tracks[0]?.source ?? file) };
}

function rank(tile: Tile): number {
  const side = ORDER.indexOf(tile.side);
  return (tile.file.includes(".") ? ORDER.length + 1 : 0) + (side < 0 ? ORDER.length : side);
}

/** What was not kept at all, in order: pauses for a secret, and what a lost media worker took with it. */
export function marksOf(facts: Pick<RecordingFacts, "pauses" | "gaps">): Mark[] {
  const pauses = facts.pauses.map(({ from, to }): Mark => ({ from, to, why: "pause" }));
  const lost = facts.gaps.filter((gap) => gap.source === "" && gap.why === "part");
  const parts = lost.map(({ from, to }): Mark => ({ from, to, why: "part" }));
  return [...pauses, ...parts].filter((mark) => mark.to > mark.from).sort((one, other) => one.from - other.from);
}

const within = (time: number, stretch: Stretch): boolean => time >= stretch.from && time < stretch.to;

/** The mark that `time` lies in. */
export function markAt(marks: readonly Mark[], time: number): Mark | null {
  return marks.find((mark) => within(time, mark)) ?? null;
}

/** Whether a source gave nothing at `time`, for whatever reason. */
export function missingAt(facts: Pick<RecordingFacts, "gaps">, source: string, time: number): boolean {
  return facts.gaps.some((gap) => gap.source === source && gap.to - gap.from > SEEN && within(time, gap));
}

/** Where a mark stands on a line, in percent. */
export function placeOf(mark: Stretch, duration: number): { left: string; width: string } {
  if (duration <= 0) return { left: "0%", width: "0%" };
  const at = (seconds: number): number => (100 * Math.min(Math.max(0, seconds), duration)) / duration;
  return { left: `${at(mark.from).toFixed(2)}%`, width: `${(at(mark.to) - at(mark.from)).toFixed(2)}%` };
}

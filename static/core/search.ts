import type { Catalogue, Item } from "./catalogue";

/*
 * Items by words, pinyin, initials or number, ranked exactly as the server's `vwindow/catalogue/search.py`
 * does; its docstring numbers the tiers. search-vectors.json holds examples that both pass.
 */

type Group = Catalogue["groups"][number];

const MAX_TERMS = 8;
const MAX_TERM = 64;
const DROPPED = /[^a-z0-9\u3007\u3400-\u4dbf\u4e00-\u9fff]/g;
const CHINESE = /^[\u3007\u3400-\u4dbf\u4e00-\u9fff]+$/;

/** The letters, digits and Chinese characters of a text, in one width and case. */
export function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll("ü", "v").replace(DROPPED, "");
}

/** Cut a query into its folded terms. */
export function terms(query: string): string[] {
  return words(query.normalize("NFKC"))
    .map((term) => term.slice(0, MAX_TERM))
    .slice(0, MAX_TERMS);
}

function words(text: string): string[] {
  return text.split(/\s+/).map(fold).filter((word) => word !== "");
}

interface Shelf {
  name: string;
  pinyin: string;
  initials: string;
  words: string[];
}

interface Entry {
  item: Item;
  digits: string;
  name: string;
  syllables: string[];
  words: string[];
  shelf: Shelf;
}

/** Whether the term begins at the beginning of a syllable. */
function spelledWithin(entry: Entry, term: string): boolean {
  let at = 0;
  for (const syllable of entry.syllables) {
    if (entry.item.pinyin.startsWith(term, at)) return true;
    at += syllable.length;
  }
  return false;
}

/** Whether consecutive characters from `start` use up the term, each as itself or a beginning of its syllable. */
function mixedFrom(entry: Entry, start: number, term: string): boolean {
  // All places in the term that can be reached with the characters so far.
  let reached = new Set([0]);
  for (let index = start; index < entry.name.length; index += 1) {
    const syllable = entry.syllables[index] ?? "";
    const parts = [entry.name.charAt(index), ...Array.from(syllable, (_, size) => syllable.slice(0, size + 1))];
    const further = new Set<number>();
    for (const at of reached) {
      for (const part of parts) if (term.startsWith(part, at)) further.add(at + part.length);
    }
    if (further.has(term.length)) return true;
    if (further.size === 0) return false;
    reached = further;
  }
  return false;
}

function inOrder(entry: Entry, term: string): boolean {
  if (term.length < 2 || !CHINESE.test(term)) return false;
  let at = 0;
  for (const character of term) {
    at = entry.name.indexOf(character, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function onShelf(shelf: Shelf, term: string): boolean {
  return (
    shelf.name.includes(term) ||
    shelf.pinyin.startsWith(term) ||
    shelf.initials.startsWith(term) ||
    shelf.words.some((word) => word.startsWith(term))
  );
}

const TIERS: readonly ((entry: Entry, term: string) => boolean)[] = [
  (entry, term) => term === entry.digits,
  (entry, term) => entry.name === term,
  (entry, term) => entry.name.startsWith(term),
  (entry, term) => entry.name.includes(term),
  (entry, term) => term === entry.item.pinyin || term === entry.item.initials,
  (entry, term) => entry.item.pinyin.startsWith(term),
  (entry, term) => entry.item.initials.startsWith(term),
  (entry, term) => entry.words.includes(term),
  spelledWithin,
  (entry, term) => entry.item.initials.includes(term),
  (entry, term) => Array.from(entry.name).some((_, start) => mixedFrom(entry, start, term)),
  inOrder,
  (entry, term) => entry.words.some((word) => word.startsWith(term)),
  (entry, term) => onShelf(entry.shelf, term),
  (entry, term) => /^[0-9]+$/.test(term) && entry.digits.startsWith(term),
];

/** The items made ready for searching. */
export class SearchIndex {
  private readonly entries: Entry[];

  constructor(items: readonly Item[], groups: readonly Group[]) {
    const shelves = new Map(
      groups.map((group) => [
        group.group,
        { name: fold(group.zh), pinyin: group.pinyin ?? "", initials: group.initials ?? "", words: words(group.en) },
      ]),
    );
    const bare: Shelf = { name: "", pinyin: "", initials: "", words: [] };
    this.entries = items.map((item) => ({
      item,
      digits: String(item.number),
      name: fold(item.name),
      syllables: (item.syllables ?? "").split(" "),
      words: words(item.en),
      shelf: shelves.get(item.group) ?? bare,
    }));
  }

  /** The found items, best first, at most `limit`. */
  search(query: string, limit = Infinity): Item[] {
    const wanted = terms(query);
    if (wanted.length === 0) return [];
    const found: { item: Item; rank: [number, number, number, number] }[] = [];
    for (const entry of this.entries) {
      const tiers = wanted.map((term) => TIERS.findIndex((test) => test(entry, term)));
      if (tiers.includes(-1)) continue;
      const sum = tiers.reduce((a, b) => a + b, 0);
      found.push({ item: entry.item, rank: [Math.max(...tiers), sum, entry.item.common ? 0 : 1, entry.item.number] });
    }
    found.sort((a, b) => compare(a.rank, b.rank));
    return found.slice(0, limit).map((each) => each.item);
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

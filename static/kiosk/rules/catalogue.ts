import { guideOf, ruleOf, type Catalogue, type Guide, type Item, type OfficeWindow, type Rule } from "@/core/catalogue";
import type { City } from "@/core/cities";

export type { Catalogue, City, Guide, Item, OfficeWindow, Rule };
export type Group = Catalogue["groups"][number];

/** The rule of an item in a city; where the register has none, it is an open and unconfirmed one. */
export function ruleFor(catalogue: Catalogue, item: number, city: City): Rule {
  const open: Rule = { item, city: "*", virtual: true, mode: "push", confirmed: false, note_zh: "", note_en: "" };
  return ruleOf(catalogue, item, city) ?? open;
}

/** The guide of an item in a city, if there is one. */
export function guideFor(catalogue: Catalogue, item: number, city: City): Guide | null {
  return guideOf({ ...catalogue, guides: [...catalogue.guides].sort((a, b) => b.version - a.version) }, item, city);
}

/** Where the item can be done in person. */
export function offlineWindows(catalogue: Catalogue, city: City): OfficeWindow[] {
  return catalogue.windows.filter((place) => place.kind === "offline" && place.city === city);
}

/** The most used items, at most twelve. */
export function commonItems(catalogue: Catalogue): Item[] {
  return catalogue.items.filter((item) => item.common).slice(0, 12);
}

/** Groups that have items, in the order of the catalogue, with their number of items. */
export function usedGroups(catalogue: Catalogue): { group: Group; count: number }[] {
  const counts = new Map<string, number>();
  for (const item of catalogue.items) counts.set(item.group, (counts.get(item.group) ?? 0) + 1);
  return catalogue.groups.flatMap((group) => {
    const count = counts.get(group.group) ?? 0;
    return count > 0 ? [{ group, count }] : [];
  });
}

/** A value that has come over the wire as a catalogue: enough of its shape to draw from it. */
export function isCatalogue(value: unknown): value is Catalogue {
  if (typeof value !== "object" || value === null) return false;
  const lists = ["groups", "items", "rules", "guides", "windows"] as const;
  return lists.every((key) => Array.isArray((value as Record<string, unknown>)[key]));
}

import { shallowRef, type ShallowRef } from "vue";
import type { Catalogue } from "@/core/catalogue";
import { ask } from "@/core/http";

const AGAIN_MS = 5000;
let asked: ShallowRef<Catalogue | null> | null = null;

/** The catalogue, asked for once per page and again every 5 s until it is there. */
export function useCatalogue(): Readonly<ShallowRef<Catalogue | null>> {
  if (asked === null) {
    const catalogue = shallowRef<Catalogue | null>(null);
    const read = (): void => {
      ask<Catalogue>("/api/catalogue")
        .then((bundle) => (catalogue.value = bundle))
        .catch(() => setTimeout(read, AGAIN_MS));
    };
    read();
    asked = catalogue;
  }
  return asked;
}

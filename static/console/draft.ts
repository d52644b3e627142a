import type { CallOutcome } from "@/core/wire";

/** An outcome that is being written, until the server has it. */
export interface Draft {
  call: string;
  outcome: CallOutcome["outcome"] | null;
  note: string;
}

export type Drawer = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const KEY = "vwindow.outcome";

/** What was written for this call before the page was loaded anew; a draft of another call is of no use to anybody. */
export function readDraft(drawer: Drawer, call: string): Draft | null {
  try {
    const kept = JSON.parse(drawer.getItem(KEY) ?? "null") as Draft | null;
    return kept?.call === call && typeof kept.note === "string" ? kept : null;
  } catch {
    return null;
  }
}

export function keepDraft(drawer: Drawer, draft: Draft): void {
  drawer.setItem(KEY, JSON.stringify(draft));
}

export function dropDraft(drawer: Drawer): void {
  drawer.removeItem(KEY);
}

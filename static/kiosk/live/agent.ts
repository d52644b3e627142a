import { shallowReactive } from "vue";
import { ServerTime } from "@/core/servertime";
import { Link } from "@/core/link";
import type { AgentToPage, KioskCall, KioskMirror, PageToAgent } from "@/core/wire";
import { isCatalogue, type Catalogue } from "../rules/catalogue";
import { callAfterMirror } from "../rules/screen";

const CATALOGUE_RETRY_MS = 3000;
/** What the page tells of its way to the agent; all else is one sentence. */
const OWN_REASONS: readonly string[] = ["connecting", "too_many"];

export interface AgentState {
  /** The page reaches its agent, and the agent its server. */
  up: boolean;
  /** Why not: a code of `link.changed`, or `agent`. */
  reason: string;
  mirror: KioskMirror | null;
  call: KioskCall | null;
  catalogue: Catalogue | null;
}

/** The page's one door: events over Socket.IO and the cached catalogue over HTTP, both from the local agent. */
export class Agent {
  readonly state: AgentState = shallowReactive({ up: false, reason: "connecting", mirror: null, call: null, catalogue: null });
  readonly time = new ServerTime();
  readonly link: Link<PageToAgent, AgentToPage>;
  private catalogueText = "";
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly token: string) {
    this.link = new Link<PageToAgent, AgentToPage>({ namespace: "/page", auth: { token } });
    this.link.onState((up, reason) => {
      // The agent was started anew and no longer knows this page: the page that it serves now has its token.
      if (reason === "bad_token" && token !== "") location.reload();
      if (!up) this.setUp(false, OWN_REASONS.includes(reason) ? reason : "agent");
    });
    this.link.on("link.changed", (state) => this.setUp(state.up, state.up ? "" : state.reason));
    this.link.on("kiosk.mirror", (mirror) => {
      this.time.learn(mirror.server_time);
      this.state.mirror = mirror;
      this.state.call = callAfterMirror(this.state.call, mirror);
    });
    this.link.on("call.changed", (call) => {
      this.state.call = call;
    });
    void this.loadCatalogue();
  }

  /** Address of something that the agent serves, with the page's token. */
  address(path: string): string {
    return `${path}?token=${encodeURIComponent(this.token)}`;
  }

  private setUp(up: boolean, reason: string): void {
    const cameBack = up && !this.state.up;
    this.state.up = up;
    this.state.reason = reason;
    // A newer catalogue may have come with the link.
    if (cameBack) void this.loadCatalogue();
  }

  private async loadCatalogue(): Promise<void> {
    clearTimeout(this.retry);
    try {
      const response = await fetch(this.address("/catalogue.json"), { cache: "no-cache" });
      if (!response.ok) throw new Error("no catalogue");
      const text = await response.text();
      if (text === this.catalogueText) return;
      const body: unknown = JSON.parse(text);
      if (!isCatalogue(body)) throw new Error("not a catalogue");
      this.catalogueText = text;
      this.state.catalogue = body;
    } catch {
      if (this.state.catalogue === null) {
        this.retry = setTimeout(() => void this.loadCatalogue(), CATALOGUE_RETRY_MS);
      }
    }
  }
}

/** The token that the agent has put into the page it served. */
export function pageToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="page-token"]')?.content ?? "";
}

/** How long a picture may stay away in a call before the visitor is told that the voice is enough, in ms. */
export const NO_PICTURE_MS = 3000;

export interface Remote {
  /** The server says that both sides are connected. */
  talking: boolean;
  /** A frame has been shown of the present stream. */
  picture: boolean;
  /** The stream plays, be it the voice alone. */
  playing: boolean;
  /** The connection is being replaced. */
  again: boolean;
  /** Time since the last frame, or since the call or its stream began. */
  quiet: number;
}

/** `connecting` and `soon` stand in the place of the picture, `again` and `late` below it. */
export type PictureWord = "connecting" | "soon" | "again" | "late" | "none";

/** What to say about a staff member's picture. */
export function pictureWord({ talking, picture, playing, again, quiet }: Remote): PictureWord {
  if (!talking || (!picture && !playing)) return "connecting";
  if (again) return "again";
  if (quiet > NO_PICTURE_MS) return "late";
  return picture ? "none" : "soon";
}

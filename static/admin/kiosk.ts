/** One row of GET /api/admin/kiosks. */
export interface KioskRow {
  kiosk: string;
  window: string;
  window_name: string;
  centre: string;
  centre_name: string;
  city: string;
  created_at: string;
  enrolled_at: string | null;
  revoked_at: string | null;
}

/** Answer of POST /api/admin/kiosks/{id}/code. */
export interface NewCode {
  code: string;
  expires_at: string;
}

export type KioskState = "new" | "enrolled" | "revoked";

export function stateOf(row: Pick<KioskRow, "enrolled_at" | "revoked_at">): KioskState {
  if (row.revoked_at !== null) return "revoked";
  return row.enrolled_at === null ? "new" : "enrolled";
}

const quoted = (text: string): string => (/^[A-Za-z0-9_.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The one line to run on the kiosk. */
export const enrolCommand = (server: string, code: string): string =>
  `vwindow-kiosk enrol --server ${quoted(server)} --code ${quoted(code)}`;

export const HONORIFICS = ["mister", "madam", "guest"] as const;
export type Honorific = (typeof HONORIFICS)[number];

export const PHONE_MOST = 20;
export const SURNAME_MOST = 20;

/** The same rule as the wire's, and not only signs: at least five digits. */
export function phoneFits(phone: string): boolean {
  return /^\+?[0-9 -]{5,20}$/.test(phone) && phone.replace(/\D/g, "").length >= 5;
}

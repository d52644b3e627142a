/** Opening hours as the register writes them, e.g. `周一至周五 9:00–11:30 13:00–17:00`. */
export interface Hours {
  /** 0 is Monday. */
  days: [from: number, to: number];
  /** Minutes after midnight. */
  spans: [from: number, to: number][];
}

export type Opening =
  | { state: "open"; until: number }
  /** `inDays` 0 is today; `day` 0 is Monday. */
  | { state: "closed"; inDays: number; day: number; from: number };

const DAY_NAMES = "一二三四五六日";

function dayOf(character: string): number {
  return DAY_NAMES.indexOf(character === "天" ? "日" : character);
}

/** Read a line of opening hours; null when it is written in another way: then it is shown as it is. */
export function readHours(text: string): Hours | null {
  const days = /(?:周|星期)([一二三四五六日天])\s*[至到\-–—~]\s*(?:周|星期)?([一二三四五六日天])/.exec(text);
  const every = /每天|每日/.test(text);
  if (days === null && !every) return null;
  const spans = [...text.matchAll(/(\d{1,2})[::](\d{2})\s*[至到\-–—~]\s*(\d{1,2})[::](\d{2})/g)].map(
    (m): [number, number] => [Number(m[1]) * 60 + Number(m[2]), Number(m[3]) * 60 + Number(m[4])],
  );
  if (spans.length === 0 || spans.some(([from, to]) => from >= to || to > 24 * 60)) return null;
  spans.sort((a, b) => a[0] - b[0]);
  return { days: days === null ? [0, 6] : [dayOf(days[1] ?? ""), dayOf(days[2] ?? "")], spans };
}

function isOpenDay(hours: Hours, day: number): boolean {
  const [from, to] = hours.days;
  return from <= to ? day >= from && day <= to : day >= from || day <= to;
}

/** Whether the centre is open at a local time, until when, or when it opens next; null if it never does. */
export function openingAt(hours: Hours, now: Date): Opening | null {
  const today = (now.getDay() + 6) % 7;
  const minute = now.getHours() * 60 + now.getMinutes();
  for (let inDays = 0; inDays < 8; inDays += 1) {
    const day = (today + inDays) % 7;
    if (!isOpenDay(hours, day)) continue;
    for (const [from, to] of hours.spans) {
      if (inDays > 0 || minute < from) return { state: "closed", inDays, day, from };
      if (minute < to) return { state: "open", until: to };
    }
  }
  return null;
}

/** 540 → `9:00`. */
export function clockTime(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

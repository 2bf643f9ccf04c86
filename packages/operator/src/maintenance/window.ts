/** One window of a week, in UTC. */
interface Window {
  /** 0 is Sunday; undefined: every day. */
  day: number | undefined;
  /** Minutes since midnight. */
  from: number;
  /** The whole minute belongs to the window, as in Zalando's operator. */
  to: number;
}

/** How windows stand at a moment. */
export interface WindowState {
  isOpen: boolean;
  /** Milliseconds since 1970; the next time that one opens, when none is open. */
  opensAt?: number;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * Whether one of the windows (`HH:MM-HH:MM` every day, `Www:HH:MM-HH:MM`; UTC) is open. Without windows it is always.
 * What is no window counts as none: validation has refused it before.
 */
export function windowState(written: readonly string[], now: number): WindowState {
  const windows = written.flatMap(parse);
  if (windows.length === 0) return { isOpen: true };
  const openings = windows.map((window) => nextOpening(window, now));
  const opensAt = Math.min(...openings);
  return opensAt <= now ? { isOpen: true } : { isOpen: false, opensAt };
}

/** The start of the window that is open or comes next. */
function nextOpening({ day, from, to }: Window, now: number): number {
  const midnight = Math.floor(now / dayMs) * dayMs;
  // Today's may be over; eight days find the same day of the next week.
  for (let ahead = 0; ; ahead += 1) {
    const date = midnight + ahead * dayMs;
    const isOver = date + (to + 1) * minuteMs <= now;
    if (!isOver && (day === undefined || new Date(date).getUTCDay() === day)) return date + from * minuteMs;
  }
}

function parse(written: string): Window[] {
  const match = /^\s*(?:([A-Z][a-z]{2}):)?(\d{1,2}):(\d{1,2})-(\d{1,2}):(\d{1,2})\s*$/.exec(written);
  if (match === null) return [];
  const [, name, ...rest] = match;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = rest.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const day = name === undefined ? undefined : days.indexOf(name);
  return from > to || day === -1 ? [] : [{ day, from, to }];
}

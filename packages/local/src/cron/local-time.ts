/** A point in time as the clocks of a place show it. */
export interface LocalTime {
  minute: number;
  hour: number;
  day: number;
  /** 1 to 12. */
  month: number;
  /** 0 is Sunday. */
  weekday: number;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * Answers what clocks show at a time in milliseconds since 1970.
 *
 * @param zone name of a time zone that exists.
 */
export function clockOf(zone: string): (time: number) => LocalTime {
  if (zone === 'UTC') return utc;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return {
      minute: Number(parts['minute']),
      hour: Number(parts['hour']),
      day: Number(parts['day']),
      month: Number(parts['month']),
      weekday: weekdays.indexOf(parts['weekday'] ?? ''),
    };
  };
}

function utc(time: number): LocalTime {
  const date = new Date(time);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

/** Why `zone` cannot be the time zone of a schedule, in Kubernetes' words; undefined when it can. */
export function timeZoneProblem(zone: string): string | undefined {
  if (zone === '') return 'timeZone must be nil or non-empty string';
  if (zone.toLowerCase() === 'local') {
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  }
  const unknown = `unknown time zone ${zone}`;
  // Offsets are no names, and the files of the time zone database have letters of one case only.
  if (!/^[A-Za-z][A-Za-z0-9/_+-]*$/.test(zone)) return unknown;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
    const otherCase = timeZone.toLowerCase() === zone.toLowerCase() && timeZone !== zone;
    return otherCase ? unknown : undefined;
  } catch {
    return unknown;
  }
}

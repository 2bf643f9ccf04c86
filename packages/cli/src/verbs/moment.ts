import { CommandError, exitCode } from '../exit-code.ts';

const zoned = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;
const local = /^(?:(\d{4})-(\d\d)-(\d\d)[Tt ])?(\d\d):(\d\d)(?::(\d\d))?$/;

function wrong(written: string, why: string): CommandError {
  return new CommandError(
    `--at ${written}: ${why}; give a time like 2030-01-31T03:00:00+01:00, or 2030-01-31 03:00 or 03:00 in this machine's zone`,
    exitCode.wrongUsage,
  );
}

/**
 * The moment that `--at` names: RFC 3339, or a time of the clock in this machine's zone, with or without its day. Without
 * one it is the next time that the clock shows it. Throws for what is past, and for what the clock never shows because it
 * is put forward.
 */
export function parseMoment(written: string, now: Date): Date {
  const moment = zoned.test(written) ? inZone(written) : onClock(written, now);
  if (moment.getTime() <= now.getTime()) throw wrong(written, `that is past: ${formatMoment(moment)}`);
  return moment;
}

function inZone(written: string): Date {
  const moment = new Date(written.replace(' ', 'T').toUpperCase());
  if (Number.isNaN(moment.getTime())) throw wrong(written, 'there is no such time');
  return moment;
}

function onClock(written: string, now: Date): Date {
  const found = local.exec(written);
  if (found === null) throw wrong(written, 'not understood');
  const [year, month, day, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  const at = (y: number, m: number, d: number): Date => {
    const moment = new Date(y, m - 1, d, hour, minute, second);
    const shown = [moment.getMonth() + 1, moment.getDate(), moment.getHours(), moment.getMinutes()];
    const isShown = [m, d, hour, minute].every((part, index) => part === shown[index]);
    if (!isShown && year !== undefined)
      throw wrong(written, `this machine's clock (${zoneName()}) never shows it`);
    return moment;
  };
  if (year !== undefined) return at(year, month ?? 1, day ?? 1);
  if (hour > 23 || minute > 59 || second > 59) throw wrong(written, 'there is no such time');
  const [y, m, d] = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const today = at(y, m, d);
  if (today > now) return today;
  const tomorrow = new Date(y, m - 1, d + 1);
  return at(tomorrow.getFullYear(), tomorrow.getMonth() + 1, tomorrow.getDate());
}

function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A moment with offset and name of this machine's zone: `2030-01-31 03:00:00 +01:00 (Europe/Berlin)`. */
export function formatMoment(moment: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const offset = -moment.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  return `${day} ${time} ${zone} (${zoneName()})`;
}

/** As Patroni wrote it, in this machine's zone; what cannot be read stays as it is. */
export function formatWritten(written: string): string {
  const moment = new Date(written);
  return Number.isNaN(moment.getTime()) ? written : formatMoment(moment);
}

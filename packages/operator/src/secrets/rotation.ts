/** How the password of a role is changed from time to time. */
export type RotationStyle =
  /** The Secret gets another user, a member of the role, whose name ends in the date; the one before goes on to work. */
  | 'new user'
  /** The role itself gets another password. */
  | 'in place';

/** What is known about a role and its Secret when it is decided whether to rotate. */
export interface RotationInput {
  role: string;
  /** Undefined: the password is not changed any more. */
  style: RotationStyle | undefined;
  /** As the Secret says; both are there, and fit for use. */
  username: string;
  /** Key `nextRotation` of the Secret; undefined when it is not there. */
  nextRotation: string | undefined;
  /** Milliseconds since 1970. */
  now: number;
  intervalDays: number;
}

/** What becomes of a Secret. */
export interface Rotation {
  /** User that it names from now on. */
  username: string;
  /** Whether it gets another password. */
  newPassword: boolean;
  /** Key `nextRotation` from now on: a time by RFC 3339, or '' for a role that is not rotated any more. */
  nextRotation: string;
  /** For people. */
  why: string;
}

const dayMs = 86_400_000;

/** What is longer than that is for ever. */
const latest = Date.UTC(9999, 11, 31);
/** The years of users' names are those of this century. */
const earliest = Date.UTC(2000, 0, 1);

/** PostgreSQL cuts longer names off. */
const longestName = 63;

/**
 * What is due for a Secret now; undefined when nothing is. Pure, and the same again after it was done: a second look finds
 * nothing due.
 */
export function dueRotation(input: RotationInput): Rotation | undefined {
  const { role, style, username, nextRotation, now, intervalDays } = input;
  const next = rotationAfter(now, intervalDays);
  const isDated = isDatedUser(role, username);
  if (style === undefined) {
    if (!isDated) return undefined;
    const why = `rotation by new users is switched off; ${username} goes later`;
    return { username: role, newPassword: true, nextRotation: '', why };
  }
  if (style === 'in place' && isDated) {
    const why = `the password is rotated in place from now on; ${username} goes later`;
    return { username: role, newPassword: true, nextRotation: next, why };
  }
  const due = timeOf(nextRotation);
  if (due === undefined) {
    const why = `the first rotation is ${intervalDays} days from now`;
    return { username, newPassword: false, nextRotation: next, why };
  }
  if (due > now + intervalDays * dayMs) {
    const why = `it was to be ${timeText(due)}, and the interval is ${intervalDays} days now`;
    return { username, newPassword: false, nextRotation: next, why };
  }
  if (due > now) return undefined;
  const why = `it was due at ${timeText(due)}; the next one is ${next}`;
  const renamed = style === 'new user' ? datedUser(role, now) : role;
  return { username: renamed, newPassword: true, nextRotation: next, why };
}

/** Key `nextRotation` of a Secret whose password is new. */
export function rotationAfter(now: number, intervalDays: number): string {
  return timeText(Math.min(now + intervalDays * dayMs, latest));
}

/** Milliseconds since 1970 when the next rotation is due; undefined when the text is no time. */
export function timeOf(nextRotation: string | undefined): number | undefined {
  const pattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
  if (nextRotation === undefined || !pattern.test(nextRotation)) return undefined;
  const time = Date.parse(nextRotation.replace(' ', 'T').toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}

function timeText(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The date as it stands at the end of users' names: `YYMMDD`, in UTC. */
export function dateSuffix(time: number): string {
  return new Date(time).toISOString().slice(2, 10).replaceAll('-', '');
}

/** The user that a rotation at this time makes for a role. */
export function datedUser(role: string, now: number): string {
  return `${role}${dateSuffix(now)}`;
}

/** Whether a rotation of `role` made this user: its name and a date. */
export function isDatedUser(role: string, username: string): boolean {
  const [, year = '', month = '', day = ''] =
    /^(\d\d)(\d\d)(\d\d)$/.exec(username.startsWith(role) ? username.slice(role.length) : '') ?? [];
  const date = new Date(`20${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}

/** Whether names of new users of this role are short enough for PostgreSQL. */
export function fitsDate(role: string): boolean {
  return Buffer.byteLength(role) + 'YYMMDD'.length <= longestName;
}

/**
 * Date `YYMMDD` before which users of earlier rotations go. What the Secret named last must outlive the current one, so
 * twice the interval is always kept.
 */
export function keptSince(now: number, retentionDays: number, intervalDays: number): string {
  return dateSuffix(Math.max(now - Math.max(retentionDays, 2 * intervalDays) * dayMs, earliest));
}

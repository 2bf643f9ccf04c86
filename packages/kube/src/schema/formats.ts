import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Does `text` hold an RFC 3339 time with a date that exists? */
function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.exec(
    text,
  );
  if (!match) return false;
  const [, day = '', hour, minute, second] = match;
  return isDate(day) && Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', rest] = text.split('/');
  const family = isIP(address);
  if (rest !== undefined || family === 0 || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
}

function isUri(text: string): boolean {
  // An absolute URI, or an absolute path: what a request line may carry.
  return text.startsWith('/') || (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && URL.canParse(text));
}

const hex = '[0-9a-fA-F]';
const uuid = (version: string, variant: string): RegExp =>
  new RegExp(`^${hex}{8}-?${hex}{4}-?${version}${hex}{3}-?${variant}${hex}{3}-?${hex}{12}$`);

/** Format names without dashes → check. A format not in here constrains nothing, as in Kubernetes. */
const checks: Record<string, (text: string) => boolean> = {
  bsonobjectid: (t) => /^[0-9a-fA-F]{24}$/.test(t),
  uri: isUri,
  email: (t) => /^[^\s@<>]+@[^\s@<>]+$/.test(t),
  hostname: (t) =>
    t.length <= 255 &&
    /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/.test(
      t,
    ),
  ipv4: (t) => isIPv4(t),
  ipv6: (t) => isIPv6(t),
  cidr: isCidr,
  mac: (t) =>
    /^[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(\1[0-9a-fA-F]{2}){4}(\1[0-9a-fA-F]{2}\1[0-9a-fA-F]{2})?$/.test(t),
  uuid: (t) => uuid(hex, hex).test(t),
  uuid3: (t) => uuid('3', hex).test(t),
  uuid4: (t) => uuid('4', '[89abAB]').test(t),
  uuid5: (t) => uuid('5', '[89abAB]').test(t),
  hexcolor: (t) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(t),
  rgbcolor: (t) => /^rgb\(\s*(\d{1,3}\s*,\s*){2}\d{1,3}\s*\)$/.test(t),
  byte: (t) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(t),
  date: isDate,
  datetime: isDateTime,
  duration: (t) =>
    /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*)$/.test(t) ||
    /^\d+ *(ns|nanos?|nanoseconds?|us|µs|micros?|microseconds?|ms|millis?|milliseconds?|s|sec|secs|seconds?|m|min|mins|minutes?|h|hr|hours?|d|days?|w|wk|weeks?)$/.test(
      t,
    ),
};

/**
 * Does `text` have the format? Unknown formats and those of numbers hold for every text.
 * Not checked, because nobody uses them for a manifest: isbn, creditcard, ssn.
 */
export function hasFormat(format: string, text: string): boolean {
  const check = checks[format.replaceAll('-', '')];
  return check === undefined || check(text);
}

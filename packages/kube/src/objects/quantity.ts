/** Powers of ten of the decimal suffixes. */
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Powers of two of the binary suffixes. */
const binary: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,3})|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|))$/;

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** A Kubernetes quantity, exact: `nano` billionths. Anything finer is rounded up (away from zero), as there. */
export interface Quantity {
  nano: bigint;
  /** How it was written, and therefore how its canonical form is. */
  format: QuantityFormat;
}

const billion = 1_000_000_000n;

/** Divides, rounding away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const sign = value < 0n ? -1n : 1n;
  return sign * ((value * sign + by - 1n) / by);
}

/**
 * Reads `500m`, `1.5Gi`, `1e3`, `100`; numbers are taken as their text. Throws an Error with Kubernetes' words
 * for what is none.
 */
export function parseQuantity(value: string | number): Quantity {
  const match = pattern.exec(String(value));
  if (!match) {
    throw new Error(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  const [, sign, digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const magnitude = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const power = 9 - fraction.length + (exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent));
  const scaled = magnitude * 2n ** BigInt(binary[suffix] ?? 0);
  const nano = power >= 0 ? scaled * 10n ** BigInt(power) : divideUp(scaled, 10n ** BigInt(-power));
  const format =
    exponent !== undefined ? 'DecimalExponent' : binary[suffix] === undefined ? 'DecimalSI' : 'BinarySI';
  return { nano, format };
}

/** Is it a quantity? */
export function isQuantity(value: unknown): value is string | number {
  return (typeof value === 'string' || typeof value === 'number') && pattern.test(String(value));
}

/** The nearest number, for arithmetic that needs no more; undefined when the value is no quantity. */
export function quantityNumber(value: unknown): number | undefined {
  if (!isQuantity(value)) return undefined;
  const { nano } = parseQuantity(value);
  return Number(nano / billion) + Number(nano % billion) / 1e9;
}

/** Below zero when `a` is less than `b`, zero when equal. Throws like `parseQuantity`. */
export function compareQuantities(a: string | number, b: string | number): number {
  const difference = parseQuantity(a).nano - parseQuantity(b).nano;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * The form that Kubernetes writes: no fraction, the largest suffix that allows it, in the family of suffixes that
 * it was written in (`0.5` → `500m`, `1024Mi` → `1Gi`). Binary quantities with a fraction become decimal.
 */
export function canonicalQuantity(value: string | number): string {
  const { nano, format } = parseQuantity(value);
  if (nano === 0n) return '0';
  const whole = nano % billion === 0n;
  if (format === 'BinarySI' && whole) {
    const units = nano / billion;
    const size = units < 0n ? -units : units;
    // Below one Ki the binary family has no suffix.
    const best = Object.entries(binary).findLast(([, power]) => size % 2n ** BigInt(power) === 0n);
    return best ? `${units / 2n ** BigInt(best[1])}${best[0]}` : String(units);
  }
  const fits = (power: number): boolean => nano % 10n ** BigInt(power + 9) === 0n;
  const [suffix, power] = Object.entries(decimal).findLast(([, p]) => fits(p)) ?? ['n', -9];
  const number = nano / 10n ** BigInt(power + 9);
  if (format !== 'DecimalExponent') return `${number}${suffix}`;
  return power === 0 ? String(number) : `${number}e${power}`;
}

/** Factors of Kubernetes' quantity suffixes. */
const FACTORS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity (`500m`, `1Gi`, `1e3`) stands for.
 * Throws when it is none; the registry has validated quantities of served objects before.
 */
export function parseQuantity(text: string | number): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/.exec(
    String(text),
  );
  if (match === null) throw new Error(`"${text}" is not a quantity such as 500m or 1Gi`);
  const [, digits = '0', exponent, suffix = ''] = match;
  return exponent === undefined ? Number(digits) * (FACTORS[suffix] ?? 1) : Number(digits + exponent);
}

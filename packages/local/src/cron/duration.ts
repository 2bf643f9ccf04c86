const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A duration as Go writes it (`1h30m`, `1.5h`), in milliseconds.
 *
 * @throws Error for anything else.
 */
export function parseDuration(text: string): number {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const factor = sign === '-' ? -1 : 1;
  if (rest === '0') return 0;
  const parts = [...rest.matchAll(/([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== rest) {
    throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  }
  return (
    factor * parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0)
  );
}

const factors: Record<string, number> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  ...Object.fromEntries(['K', 'M', 'G', 'T', 'P', 'E'].map((unit, index) => [unit, 1000 ** (index + 1)])),
  ...Object.fromEntries(
    ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit, index) => [unit, 1024 ** (index + 1)]),
  ),
};

/** The number that a Kubernetes quantity means (`500m` → 0.5, `1Gi` → 1073741824); undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?(?:e\d+)?)(n|u|m|k|[KMGTPE]i?)?$/.exec(text);
  if (!match) return undefined;
  const factor = factors[match[2] ?? ''];
  return factor === undefined ? undefined : Number(match[1]) * factor;
}

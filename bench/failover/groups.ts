import type { Sample, Store } from './sample.ts';

/** Samples of one store and one delay. */
export interface Variant {
  store: Store;
  statusDelayMs: number;
  samples: Sample[];
}

/** By store and delay, those without delay first, Endpoints before ConfigMaps. */
export function variantsOf(samples: readonly Sample[]): Variant[] {
  const groups = Map.groupBy(samples, ({ store, statusDelayMs }) => `${store} ${statusDelayMs}`);
  const variants = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ store: first.store, statusDelayMs: first.statusDelayMs, samples: group }];
  });
  return variants.toSorted((a, b) => a.statusDelayMs - b.statusDelayMs || b.store.localeCompare(a.store));
}

/** In words, e.g. `Endpoints, 1.5 s`. */
export function nameOf({ store, statusDelayMs }: Variant): string {
  return `${store === 'endpoints' ? 'Endpoints' : 'ConfigMaps'}, ${statusDelayMs / 1000} s`;
}

import { Cache, Reflector } from '@pgherd/kube/cache';
import type { Client } from '@pgherd/kube/client';
import { services, type Service } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { until } from './until.ts';

const mark = 'bench.pgherd.dev/mark';

/**
 * Changes manifests one after the other, so many in a second, whatever becomes of the earlier ones. Answers for each the
 * seconds from sending the change to hearing of the first object that the operator wrote for it.
 */
export async function changeManifests(
  client: Client,
  namespace: string,
  names: readonly string[],
  perSecond: number,
): Promise<number[]> {
  const begun = new Map<string, number>();
  const took = new Map<string, number>();
  const stop = new AbortController();
  const seen = new Cache<Service>();
  const watching = new Reflector<Service>({ client, resource: services, target: seen }).run(stop.signal);
  try {
    await seen.synced;
    const value = String(Date.now());
    seen.onChange((_old, current) => {
      const name = current?.metadata.labels?.['cluster-name'] ?? '';
      const begin = begun.get(name);
      if (begin === undefined || took.has(name) || current?.metadata.annotations?.[mark] !== value) return;
      took.set(name, (performance.now() - begin) / 1000);
    });
    const body = { spec: { serviceAnnotations: { [mark]: value } } };
    const sent: Promise<unknown>[] = [];
    const start = performance.now();
    for (const [index, name] of names.entries()) {
      const wait = start + (index * 1000) / perSecond - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      begun.set(name, performance.now());
      sent.push(client.patch(postgresqls, { namespace, name }, { type: 'merge', body }));
    }
    await Promise.all(sent);
    await until('every change has led to a write', () => took.size === names.length);
    return [...took.values()];
  } finally {
    stop.abort();
    await watching;
  }
}

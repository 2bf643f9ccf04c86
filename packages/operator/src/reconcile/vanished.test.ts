import type { Client } from '@pgherd/kube/client';
import { silentLogger, type Clock } from '@pgherd/kube/objects';
import { patroniClient } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { render } from '../render/render.ts';
import { testConfiguration, testManifest, testObserved, testRemembered } from '../testing/cluster.ts';
import { Deletion } from './deletion.ts';
import { Memories } from './memory.ts';
import { Vanished } from './vanished.ts';

const configuration = testConfiguration({ delete_annotation_date_key: 'delete-date' });
const cluster = { namespace: 'default', name: 'acid-demo' };

/** A cluster whose manifest vanished, annotated with a day; answers what was deleted in a pass at a time. */
function vanishing(annotated: string) {
  const manifest = testManifest();
  const annotations = { 'delete-date': annotated };
  const memory = new Memories().of('default/acid-demo', {
    ...manifest,
    metadata: { ...manifest.metadata, annotations, finalizers: [] },
  });
  const { objects } = testObserved(render({ manifest, configuration, remembered: testRemembered() }));
  const deleted: string[] = [];
  const told: string[] = [];
  let now = 0;
  const client = {
    list: async () => ({ metadata: {}, items: [] }),
    delete: async (_kind: unknown, { name }: { name: string }) => void deleted.push(name),
  } as unknown as Client;
  const options = {
    settings: () => ({ configuration, named: new Set<never>() }),
    source: {
      get: () => undefined,
      ofCluster: (kind: { plural: string }) =>
        [...objects].flatMap(([key, object]) => (key.startsWith(`${kind.plural}/`) ? [object] : [])),
    },
    hands: {
      client,
      patroni: patroniClient,
      database: {
        bringInLine: async () => ({ done: [], postponed: [], problems: [] }),
        look: async () => [],
      },
      written: () => {},
    },
    story: { normal: () => {}, warning: (_about: unknown, _reason: string, said: string) => told.push(said) },
    log: silentLogger,
    clock: { now: () => now } as Clock,
  };
  const vanished = new Vanished(options, new Deletion(options));
  const pass = async (time: string) => {
    now = Date.parse(time);
    await vanished.run(cluster, memory, new AbortController().signal);
    return deleted;
  };
  return { pass, told };
}

test('a cluster whose manifest is gone goes with it when the deletion was confirmed', async () => {
  expect(await vanishing('2026-03-02').pass('2026-03-02T10:00:00Z')).toContain('acid-demo');
});

test('one that was told to stay stays, also when the day comes that was annotated', async () => {
  const { pass, told } = vanishing('2026-03-03');
  expect(await pass('2026-03-02T23:00:00Z')).toEqual([]);
  expect(await pass('2026-03-03T01:00:00Z')).toEqual([]);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('the cluster stays as it is');
});

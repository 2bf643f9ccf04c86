import type { Client } from '@pgherd/kube/client';
import { silentLogger, systemClock, type KubeObject } from '@pgherd/kube/objects';
import { patroniClient } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { Reconciler } from './reconciler.ts';

/** A pass over a new cluster's manifest in an empty world; answers what was written. */
async function pass(controllerId: string, annotations: Record<string, string>): Promise<string[]> {
  const wrote: string[] = [];
  const write = async (kind: { kind: string }, object: KubeObject) => {
    wrote.push(`${kind.kind} ${object.metadata.name}`);
    return object;
  };
  const client = {
    list: async () => ({ metadata: {}, items: [] }),
    create: write,
    apply: write,
    patch: async () => testManifest(),
    patchStatus: async () => testManifest(),
  } as unknown as Client;
  const manifest = testManifest();
  const reconciler = new Reconciler({
    settings: () => ({ configuration: testConfiguration(), named: new Set() }),
    controllerId,
    manifest: () => ({ ...manifest, metadata: { ...manifest.metadata, annotations } }),
    source: { get: () => undefined, ofCluster: () => [] },
    hands: {
      client,
      patroni: patroniClient,
      database: { bringInLine: async () => ({ done: [], problems: [] }) },
      written: () => {},
    },
    askPatroni: patroniClient,
    story: { normal: () => {}, warning: () => {} },
    log: silentLogger,
    clock: systemClock,
    newPassword: () => 'x',
  });
  await reconciler.reconcile('default/acid-demo', new AbortController().signal);
  return wrote;
}

const forSecond = { 'acid.zalan.do/controller': 'second' };

test('an operator looks after the manifests that name it, or that name none if it has no name', async () => {
  expect(await pass('', {})).toContain('StatefulSet acid-demo');
  expect(await pass('second', forSecond)).toContain('StatefulSet acid-demo');
  expect(await pass('', forSecond)).toEqual([]);
  expect(await pass('second', {})).toEqual([]);
});

import { fileURLToPath } from 'node:url';
import { readStatus, type PostgresqlStatus } from '@pgherd/api';
import {
  ApiError,
  customResourceDefinitions,
  pods,
  services,
  secrets,
  statefulSets,
  podDisruptionBudgets,
  type KubeObject,
} from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mutationsOf, type BadSpec } from '../support/bad-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** Bad manifests beside a running cluster: none makes a difference to it, and each is told which field is wrong. */

const example = fileURLToPath(new URL('../../manifests/complete-postgres-manifest.yaml', import.meta.url));
const good = { namespace: 'default', name: 'acid-good' };
const spec = {
  teamId: 'acid',
  numberOfInstances: 2,
  postgresql: { version: '17' },
  volume: { size: '1Gi' },
};

let lab: OperatorLab;
beforeEach(async () => {
  lab = await OperatorLab.start();
});
afterEach(() => lab.stop());

type Cluster = KubeObject & { status?: PostgresqlStatus };

/** Objects of the good cluster that nobody but the operator and the controllers write. */
async function versionsOfGood(): Promise<Record<string, string | undefined>> {
  const labelSelector = `cluster-name=${good.name}`;
  const kinds = [statefulSets, services, secrets, podDisruptionBudgets];
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await lab.client.list<KubeObject>(kind, { ...good, labelSelector });
      return items.map(({ metadata }) => [`${kind.plural}/${metadata.name}`, metadata.resourceVersion]);
    }),
  );
  const { items } = await lab.client.list(pods, { ...good, labelSelector });
  const uids = items.map(({ metadata }) => [`pods/${metadata.name}`, metadata.uid]);
  return Object.fromEntries([...lists.flat(), ...uids]) as Record<string, string | undefined>;
}

/** The API server takes everything, as one with the definition of another operator might. */
async function withoutSchema(): Promise<void> {
  const key = { name: 'postgresqls.acid.zalan.do' };
  const definition = await lab.client.get(customResourceDefinitions, key);
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const versions = (definition.spec?.versions ?? []).map((version) => ({
    ...version,
    schema: { openAPIV3Schema: open },
  }));
  await lab.client.patch(customResourceDefinitions, key, { type: 'merge', body: { spec: { versions } } });
  const probe = { metadata: { namespace: 'default', name: 'probe' }, spec: 'anything' };
  await eventually('the schema is gone', async () => {
    try {
      await lab.client.create(postgresqls, probe, { dryRun: true });
      return true;
    } catch (error) {
      if (!isInvalid(error)) throw error;
      return false;
    }
  });
}

/** Refused for what is in it. */
function isInvalid(error: unknown): error is ApiError {
  return error instanceof ApiError && [400, 422].includes(error.code);
}

const mutations = mutationsOf(example);

test('the API server refuses what the schema forbids, and names the field', async () => {
  const accepted: BadSpec[] = [];
  const unnamed: string[] = [];
  for (const [index, bad] of mutations.entries()) {
    const object = { metadata: { namespace: 'default', name: `acid-bad-${index}` }, spec: bad.spec };
    try {
      await lab.client.create(postgresqls, object, { dryRun: true });
      accepted.push(bad);
    } catch (error) {
      if (!isInvalid(error)) throw error;
      if (!error.message.includes(bad.field)) unnamed.push(`${bad.field} (${bad.what}): ${error.message}`);
    }
  }
  expect(unnamed).toEqual([]);
  // The rest is for the operator.
  expect(accepted.length).toBeLessThan(mutations.length / 10);
});

test('whatever the API server lets through: a message that names the field, and nothing else happens', async () => {
  expect(mutations.length).toBeGreaterThanOrEqual(200);
  lab.operate();
  const played = new PlayedCluster(lab.client, good.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await lab.client.create(postgresqls, { metadata: good, spec });
  await eventually('the good cluster runs', async () => {
    const { status } = (await lab.client.get(postgresqls, good)) as Cluster;
    return status?.PostgresClusterStatus === 'Running';
  });
  const before = await versionsOfGood();
  await withoutSchema();

  const nameOf = (index: number) => `acid-bad-${index}`;
  for (const [index, bad] of mutations.entries()) {
    const metadata = { namespace: 'default', name: nameOf(index) };
    await lab.client.create(postgresqls, { metadata, spec: bad.spec });
  }
  const said = new Map<string, PostgresqlStatus>();
  await eventually('every bad manifest is judged', async () => {
    const { items } = await lab.client.list(postgresqls, { namespace: 'default' });
    for (const { metadata, status } of items as Cluster[]) said.set(metadata.name ?? '', readStatus(status));
    const waiting = mutations.filter(
      (_, index) => said.get(nameOf(index))?.PostgresClusterStatus !== 'Invalid',
    );
    if (waiting.length > 0)
      throw new Error(waiting.map(({ field, what }) => `${field} (${what})`).join(', '));
    return true;
  });
  for (const [index, bad] of mutations.entries()) {
    const message = said.get(nameOf(index))?.conditions?.find(({ type }) => type === 'Invalid')?.message;
    expect(`${bad.field} (${bad.what}): ${message}`).toContain(`: ${bad.field.replace(/\[\d+\]$/, '')}`);
  }

  // The running cluster's own manifest becomes bad, one way after the other.
  for (const bad of mutations.filter((_, index) => index % 20 === 0)) {
    const { metadata } = await lab.client.get(postgresqls, good);
    await lab.client.update(postgresqls, { metadata, spec: bad.spec });
    await eventually(`${bad.field} (${bad.what}) is judged`, async () => {
      const { metadata: now, status } = (await lab.client.get(postgresqls, good)) as Cluster;
      return status?.observedGeneration === now.generation && status?.PostgresClusterStatus === 'Invalid';
    });
  }
  expect(await versionsOfGood()).toEqual(before);
  const { items } = await lab.client.list(statefulSets, { namespace: 'default' });
  expect(items.map(({ metadata }) => metadata?.name)).toEqual([good.name]);

  const { metadata } = await lab.client.get(postgresqls, good);
  await lab.client.update(postgresqls, { metadata, spec });
  await eventually('the good cluster goes on', async () => {
    const { status } = (await lab.client.get(postgresqls, good)) as Cluster;
    return status?.PostgresClusterStatus === 'Running';
  });
  expect(await versionsOfGood()).toEqual(before);
});

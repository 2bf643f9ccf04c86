import type { PostgresqlStatus } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject, Service } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** Objects that others wrote, against the real API server: of another operator, and edited by hand. */

const name = 'acid-demo';
const key = { namespace: 'default', name };
const zalando = { fieldManager: 'postgres-operator' };

let lab: OperatorLab;
let client: Client;

beforeEach(async () => {
  lab = await OperatorLab.start();
  ({ client } = lab);
});

afterEach(() => lab.stop());

async function running(): Promise<void> {
  await client.create(postgresqls, {
    metadata: key,
    spec: { teamId: 'acid', numberOfInstances: 1, postgresql: { version: '17' }, volume: { size: '1Gi' } },
  });
  const played = new PlayedCluster(client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  await eventually('the cluster runs', async () => {
    const { status } = (await client.get(postgresqls, key)) as KubeObject & { status?: PostgresqlStatus };
    return status?.PostgresClusterStatus === 'Running';
  });
}

async function drifts(): Promise<string[]> {
  const { items } = await client.list(kube.events, { namespace: 'default' });
  return (items as (KubeObject & { reason?: string; message?: string })[])
    .filter(({ reason }) => reason === 'Drift')
    .map(({ message }) => message ?? '');
}

test("an object of another operator becomes ours, with what it left behind, and keeps other people's", async () => {
  const labels = { application: 'spilo', 'cluster-name': name, team: 'acid', 'spilo-role': 'replica' };
  const service: Service & KubeObject = {
    metadata: { ...key, name: `${name}-repl`, labels, annotations: { left: 'behind' } },
    spec: {
      type: 'ClusterIP',
      ports: [{ name: 'postgresql', port: 5432, targetPort: 5432 }],
      selector: { application: 'spilo', 'cluster-name': name, 'spilo-role': 'replica' },
    },
  };
  await client.create(kube.services, service, zalando);
  const body = { metadata: { annotations: { theirs: 'x' } } };
  const theirs = { fieldManager: 'kubectl-annotate' };
  await client.patch(kube.services, { ...key, name: `${name}-repl` }, { type: 'merge', body }, theirs);
  lab.operate();
  await running();
  const { metadata } = await client.get(kube.services, { ...key, name: `${name}-repl` });
  expect(metadata.annotations).toEqual({ theirs: 'x' });
  expect((metadata.managedFields ?? []).map((entry) => `${entry.manager} ${entry.operation}`).sort()).toEqual(
    ['kubectl-annotate Update', 'pgherd Apply'],
  );
});

test('what somebody changes or deletes by hand is told and put right', async () => {
  lab.operate();
  await running();
  const edited = { spec: { type: 'NodePort' } };
  await client.patch(kube.services, key, { type: 'merge', body: edited }, { fieldManager: 'kubectl-edit' });
  await eventually('the Service is as it was', async () => {
    const { spec } = await client.get(kube.services, key);
    return spec?.type === 'ClusterIP';
  });
  const budget = { ...key, name: `postgres-${name}-pdb` };
  const { metadata } = await client.get(kube.podDisruptionBudgets, budget);
  await client.delete(kube.podDisruptionBudgets, budget);
  await eventually('the budget is there again', async () => {
    const found = await client.find(kube.podDisruptionBudgets, budget);
    return found !== undefined && found.metadata.uid !== metadata.uid;
  });
  await eventually('both were told', async () => (await drifts()).length >= 2);
  expect(await drifts()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^service acid-demo was changed by kubectl-edit and is put right: spec\.type: NodePort → ClusterIP/,
      ),
      `poddisruptionbudget postgres-${name}-pdb was deleted by somebody and is made again`,
    ]),
  );
});

import type { PostgresqlStatus } from '@pgherd/api';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

const name = 'acid-demo';
const key = { namespace: 'default', name };
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

let lab: OperatorLab;

beforeEach(async () => {
  lab = await OperatorLab.start();
});
afterEach(() => lab.stop());

/** A window that is closed now and for the next days. */
function closedWindow(): string {
  return `${days[(new Date().getUTCDay() + 3) % 7]}:10:00-11:00`;
}

const status = async () =>
  ((await lab.client.get(postgresqls, key)) as KubeObject & { status?: PostgresqlStatus }).status;

const postponed = async () => (await status())?.conditions?.find(({ type }) => type === 'Postponed');

const images = async () => {
  const { items } = await lab.client.list(kube.pods, key);
  return items.map(({ spec }) => spec?.containers[0]?.image);
};

test('outside of the window a change waits, and the cluster counts as running; somebody may want it now', async () => {
  lab.operate();
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      maintenanceWindows: [closedWindow()],
    },
  });
  const played = new PlayedCluster(lab.client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  const untilRunning = () =>
    eventually('it runs', async () => (await status())?.PostgresClusterStatus === 'Running');
  await untilRunning();
  const before = await images();

  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { dockerImage: 'other:1' } } });
  await eventually('it is told', async () => (await postponed())?.status === 'True');
  expect((await postponed())?.message).toMatch(
    /the maintenance window opens at .* 10:00 UTC.*replace pod acid-demo-1/,
  );
  await untilRunning();
  expect(await images()).toEqual(before);

  const until = new Date(Date.now() + 600_000).toISOString();
  const annotations = { 'pgherd.dev/maintenance-until': until };
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { metadata: { annotations } } });
  await eventually('both are replaced', async () => (await images()).every((image) => image === 'other:1'));
  await eventually('nothing waits', async () => (await postponed())?.status === 'False');
  await untilRunning();
});

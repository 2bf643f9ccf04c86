import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { services, statefulSets } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { pgherd, run } from '../support/instance.ts';
import { LocalCluster, postgresqls } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { disturbances, memberStates } from '../support/members.ts';
import { askPatroni } from '../support/patroni-api.ts';
import { queryOnce, Writer } from '../support/writer.ts';

/** An example of every kind of change, on real pods: exactly what `pgherd plan` named is restarted, in its order. */

const name = 'acid-change';
const key = { namespace: 'default', name };
const configuration: Record<string, string> = { enable_persistent_volume_claim_deletion: 'true' };

let local: LocalCluster;
let spec: Record<string, unknown>;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-changes', configuration);
  const manifest = clusterManifest({ name, instances: 2 }) as { spec: Record<string, unknown> };
  ({ spec } = manifest);
  await local.apply(manifest);
  await local.waitForStatus(name, 'Running');
});
afterAll(async () => {
  await local?.remove();
});

interface Step {
  what: string;
  why: string[];
}

/** What `pgherd plan` says. */
async function plan(args: string[], input = ''): Promise<Step[]> {
  const env = { KUBECONFIG: local.kubeconfig };
  const { code, stdout, stderr } = await run(pgherd, ['plan', '-o', 'json', ...args], { env, input });
  if (code !== 0 && code !== 2)
    throw new Error(`pgherd plan ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  const [only] = JSON.parse(stdout) as { tracks: { steps: Step[] }[] }[];
  const steps = only?.tracks.flatMap((track) => track.steps) ?? [];
  expect(code).toBe(steps.length > 0 ? 2 : 0);
  return steps;
}

/** The steps that touch a member's PostgreSQL, as `disturbances` words them. */
const felt = (steps: Step[]): string[] =>
  steps.flatMap(({ what }) => {
    const [, verb = '', member = ''] = /^(replace pod|restart PostgreSQL of) (.*)$/.exec(what) ?? [];
    return verb === '' ? [] : [`${verb.split(' ')[0]} ${member}`];
  });

async function untilDone(): Promise<void> {
  await local.waitForStatus(name, 'Running', 180_000);
  await eventually('nothing is left to do', async () => (await plan([name])).length === 0);
}

/** Carries out a change, and holds what happened against what was planned. Answers the planned steps. */
async function compare(planned: Step[], change: () => Promise<void>): Promise<string[]> {
  expect(planned).not.toEqual([]);
  const before = await memberStates(local, name);
  await change();
  await untilDone();
  const after = await eventually('all members answer', () => memberStates(local, name));
  expect(disturbances(before, after)).toEqual(felt(planned));
  return planned.map(({ what }) => what);
}

async function changeManifest(changes: Record<string, unknown>): Promise<string[]> {
  spec = { ...spec, ...changes };
  const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key, spec };
  const steps = await plan(['-f', '-'], stringify(manifest));
  return compare(steps, () => local.apply(manifest));
}

async function changeConfiguration(changes: Record<string, string>): Promise<string[]> {
  Object.assign(configuration, changes);
  const file = join(local.home, 'planned.yaml');
  writeFileSync(file, stringify(configuration));
  const steps = await plan([name, '--configuration', file]);
  return compare(steps, async () => {
    const { resourceVersion } = (await local.client.get(statefulSets, key)).metadata ?? {};
    writeFileSync(join(local.home, 'operator.yaml'), stringify(configuration));
    await eventually('the operator has begun', async () => {
      const now = (await local.client.get(statefulSets, key)).metadata;
      return now?.resourceVersion !== resourceVersion;
    });
  });
}

/** Runs `change` under a client that writes all the time. Nothing that was acknowledged may be missing afterwards. */
async function underWriter(change: (writer: Writer) => Promise<void>): Promise<readonly string[]> {
  const writer = new Writer(await local.address(name, 'zalando', 'postgres'));
  await writer.start();
  try {
    await eventually('the client writes', () => writer.count >= 3);
    await change(writer);
    const before = writer.count;
    await eventually('the client writes again', () => writer.count >= before + 3);
  } finally {
    await writer.stop();
  }
  const { lost, report } = await writer.stopAndFindLost();
  expect(lost).toEqual([]);
  return report.errors;
}

async function lastError(): Promise<string | undefined> {
  const { status } = (await local.client.get(postgresqls, key)) as {
    status?: { lastError?: { message: string } };
  };
  return status?.lastError?.message;
}

/** What every member says to a question, by name. */
async function ofMembers(sql: string): Promise<string[]> {
  const address = await local.address(name, 'zalando', 'postgres');
  const answers = [];
  for (const pod of await local.pods(name)) {
    const [row = {}] = await queryOnce<Record<string, unknown>>(
      { ...address, host: pod.status?.podIP ?? '' },
      sql,
    );
    answers.push(String(Object.values(row)[0]));
  }
  return answers;
}

/** How often the operator has had Patroni restart a PostgreSQL. */
function restarts(): number {
  const log = readFileSync(join(local.home, 'log', 'operator.log'), 'utf8');
  const isRestart = (line: string) => line.includes('"step":"restart PostgreSQL of ');
  // Where nothing waited any more Patroni had nothing to say.
  return log.split('\n').filter((line) => isRestart(line) && line.includes('"notes":')).length;
}

const noPods = (steps: string[]) => steps.filter((what) => /replace pod|restart|switch over/.test(what));

test.each([
  ['annotations of Services', { serviceAnnotations: { 'example.org/a': 'b' } }],
  ['annotations of pods', { podAnnotations: { 'example.org/a': 'b' } }],
  [
    'roles and databases',
    { users: { zalando: [], foo_user: [], more: [] }, databases: { foo: 'zalando', bar: 'more' } },
  ],
  ['a load balancer', { enableReplicaLoadBalancer: true, allowedSourceRanges: ['10.0.0.0/8'] }],
  ['a parameter that is reloaded', { postgresql: { version: '17', parameters: { log_statement: 'ddl' } } }],
  ['how Patroni works', { patroni: { ttl: 25, loop_wait: 8 } }],
  ['size of new volumes', { volume: { size: '2Gi' } }],
  ['a connection pooler', { enableConnectionPooler: true }],
  ['no connection pooler', { enableConnectionPooler: false }],
])('%s: no pod is touched', async (_what, changes) => {
  expect(noPods(await changeManifest(changes))).toEqual([]);
});

test('a member more, and one less: the others stay', async () => {
  expect(await changeManifest({ numberOfInstances: 3 })).toContain(`update statefulset ${name}`);
  expect((await local.pods(name)).length).toBe(3);
  await changeManifest({ numberOfInstances: 2 });
  expect((await local.pods(name)).length).toBe(2);
});

test('the pod template: replicas first, then a switchover, then the old primary', async () => {
  const steps = await changeManifest({ env: [{ name: 'FOO', value: 'bar' }] });
  expect(noPods(steps).map((what) => what.replaceAll(/-\d$/g, ''))).toEqual([
    `replace pod ${name}`,
    expect.stringMatching(/^switch over from /),
    `replace pod ${name}`,
  ]);
});

test('a parameter of the members themselves: they read their file again, and restart where it needs that', async () => {
  const own = (parameters: Record<string, string>) => ({
    postgresql: { version: '17', parameters: { log_statement: 'ddl', ...parameters } },
  });
  expect(noPods(await changeManifest(own({ log_filename: 'postgresql.log' })))).toEqual([]);
  await eventually('both have taken it in', async () =>
    (await ofMembers('show log_filename')).every((value) => value === 'postgresql.log'),
  );
  const steps = await changeManifest(own({ log_filename: 'postgresql.log', shared_buffers: '48MB' }));
  expect(noPods(steps).map((what) => what.slice(0, 18))).toEqual([
    'restart PostgreSQL',
    'restart PostgreSQL',
  ]);
  expect(await ofMembers('show shared_buffers')).toEqual(['48MB', '48MB']);
});

test('a raised parameter that needs a restart: replicas first; a lowered one: the primary first', async () => {
  const withParameters = (parameters: Record<string, string>) => ({
    postgresql: { version: '17', parameters: { log_filename: 'postgresql.log', ...parameters } },
  });
  const before = restarts();
  const errors = await underWriter(async () => {
    await changeManifest(withParameters({ max_connections: '900', max_wal_senders: '20' }));
    expect(await ofMembers('show max_connections')).toEqual(['900', '900']);
    const primary = (await local.primary(name)).metadata?.name ?? '';
    const lowered = await changeManifest(withParameters({ max_connections: '200', max_wal_senders: '20' }));
    expect(noPods(lowered)[0]).toBe(`restart PostgreSQL of ${primary}`);
    expect(await ofMembers('show max_connections')).toEqual(['200', '200']);
  });
  // Two restarts of the primary, and no more.
  expect(errors.length).toBeGreaterThan(0);
  expect(restarts() - before).toBe(4);
});

test('one raised and one lowered at once: the replica restarts before and after the primary', async () => {
  const parameters = { log_filename: 'postgresql.log', max_connections: '300', max_wal_senders: '8' };
  spec = { ...spec, postgresql: { version: '17', parameters } };
  const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key, spec };
  const primary = (await local.primary(name)).metadata?.name ?? '';
  const replica = `${name}-${primary.endsWith('0') ? 1 : 0}`;
  const steps = await plan(['-f', '-'], stringify(manifest));
  expect(noPods(steps.map(({ what }) => what))).toEqual(
    [replica, primary, replica].map((member) => `restart PostgreSQL of ${member}`),
  );
  const before = restarts();
  await local.apply(manifest);
  await untilDone();
  expect(restarts() - before).toBe(3);
  expect(
    await ofMembers("select current_setting('max_connections') || ' ' || current_setting('max_wal_senders')"),
  ).toEqual(['300 8', '300 8']);
});

test('a slot, synchronous mode, quorum: made, and gone when the manifest no longer says so', async () => {
  const slots = async () =>
    ofMembers("select string_agg(slot_name, ',') from pg_replication_slots where slot_name = 'cdc'");
  const mode = async () =>
    (await ofMembers('show synchronous_standby_names')).filter((value) => value !== '');
  const patroniMode = async () => {
    const { body } = await askPatroni(await local.primary(name), 'GET', '/config');
    return (JSON.parse(body) as { synchronous_mode?: unknown }).synchronous_mode;
  };
  const patroni = spec['patroni'] as object;
  const errors = await underWriter(async () => {
    expect(
      noPods(await changeManifest({ patroni: { ...patroni, slots: { cdc: { type: 'physical' } } } })),
    ).toEqual([]);
    await eventually('the slot is there', async () => (await slots()).includes('cdc'));
    await changeManifest({ patroni: { ...patroni, synchronous_mode: true } });
    await eventually('a replica is synchronous', async () => (await mode())[0]?.startsWith('"acid'));
    await eventually('the slot is gone', async () => !(await slots()).includes('cdc'));
    await changeManifest({ patroni: { ...patroni, synchronous_mode: true, synchronous_mode_quorum: true } });
    expect(await patroniMode()).toBe('quorum');
    await changeManifest({ patroni });
    await eventually('nobody has to confirm', async () => (await mode()).length === 0);
  });
  expect(errors).toEqual([]);
});

test("a key of the operator's configuration acts on clusters that run", async () => {
  expect(
    noPods(
      await changeConfiguration({
        custom_service_annotations: 'example.org/c:d',
        custom_pod_annotations: 'example.org/e:f',
      }),
    ),
  ).toEqual([]);
  expect(noPods(await changeConfiguration({ enable_readiness_probe: 'true' })).length).toBe(3);
});

test.each([
  [
    'an image that cannot be had',
    { name: 'broken', image: 'localhost/pgherd/not-there:1' },
    /localhost\/pgherd\/not-there:1.*acid-change-\d cannot be pulled \(ImagePullBackOff\)/,
  ],
  [
    'a sidecar that crashes',
    { name: 'broken', image: 'localhost/pgherd/postgres:17', command: ['/bin/sh', '-c', 'echo no; exit 3'] },
    /container broken in pod acid-change-\d ends with exit code 3 \(CrashLoopBackOff/,
  ],
])(
  '%s: the first replica tells, the others stay, and the repair goes on by itself',
  async (_what, broken, told) => {
    const primary = await local.primary(name);
    const before = await memberStates(local, name);
    const good = spec;
    const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key };
    const errors = await underWriter(async () => {
      await local.apply({ ...manifest, spec: { ...good, sidecars: [broken] } });
      const error = await eventually('the status says why it stopped', async () => {
        const said = await lastError();
        return said?.startsWith('the rolling update has stopped') === true ? said : undefined;
      });
      expect(error).toMatch(told);
      const events = await local.kubectl('get', 'events', '--field-selector', `involvedObject.name=${name}`);
      expect(events).toContain('the rolling update has stopped');
      const now = await local.pods(name);
      const kept = now.filter(({ metadata }) => before.get(metadata?.name ?? '')?.uid === metadata?.uid);
      expect(kept.map(({ metadata }) => metadata?.name)).toEqual([primary.metadata?.name]);

      spec = good;
      await local.apply({ ...manifest, spec: { ...good, sidecars: null } });
      await untilDone();
    });
    // The primary was not touched, and no client noticed anything.
    expect(errors).toEqual([]);
    const after = await memberStates(local, name);
    expect(after.get(primary.metadata?.name ?? '')).toEqual(before.get(primary.metadata?.name ?? ''));
    expect(await lastError()).toBeUndefined();
  },
);

test('a change while the operator is away, and its death in the middle of it', async () => {
  const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key };
  spec = { ...spec, env: [{ name: 'FOO', value: 'again' }] };
  const steps = await plan(['-f', '-'], stringify({ ...manifest, spec }));
  await compare(steps, async () => {
    const uids = new Set((await local.pods(name)).map(({ metadata }) => metadata?.uid));
    await local.apply({ ...manifest, spec });
    await eventually('the first pod is replaced', async () =>
      (await local.pods(name)).some(({ metadata }) => !uids.has(metadata?.uid)),
    );
    await local.killOperator();
    await local.up();
  });
});

test('one member alone is restarted in its place, and the plan says so', async () => {
  await changeManifest({ numberOfInstances: 1 });
  const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key };
  spec = { ...spec, env: [{ name: 'FOO', value: 'alone' }] };
  const env = { KUBECONFIG: local.kubeconfig };
  const text = await run(pgherd, ['plan', '-f', '-'], { env, input: stringify({ ...manifest, spec }) });
  expect(text.stdout).toMatch(/replace pod acid-change-\d.*downtime/);
  const steps = await plan(['-f', '-'], stringify({ ...manifest, spec }));
  await underWriter(async () => {
    await compare(steps, () => local.apply({ ...manifest, spec }));
  });
});

test('one member alone that does not start with what it was given is repaired at once', async () => {
  const manifest = { apiVersion: 'acid.zalan.do/v1', kind: 'postgresql', metadata: key };
  const broken = { name: 'broken', image: 'localhost/pgherd/not-there:1' };
  await underWriter(async () => {
    await local.apply({ ...manifest, spec: { ...spec, initContainers: [broken] } });
    await eventually('the status says why', async () => (await lastError())?.includes('not-there'));
    await local.apply({ ...manifest, spec: { ...spec, initContainers: null } });
    await untilDone();
  });
});

test('what somebody changes by hand is put right, and told', async () => {
  const before = await memberStates(local, name);
  const body = { spec: { selector: { 'spilo-role': 'nobody' } } };
  await local.client.patch(services, { ...key, name: `${name}-repl` }, { type: 'merge', body });
  await local.client.delete(statefulSets, key, { propagationPolicy: 'Orphan' });
  await eventually('both are as they were', async () => {
    const service = await local.client.get(services, { ...key, name: `${name}-repl` });
    const set = await local.client.find(statefulSets, key);
    return service.spec?.selector?.['spilo-role'] === 'replica' && set?.status?.readyReplicas === 1;
  });
  await untilDone();
  expect(disturbances(before, await memberStates(local, name))).toEqual([]);
  const events = await local.kubectl('get', 'events', '--field-selector', `involvedObject.name=${name}`);
  expect(events).toMatch(/Drift.*service acid-change-repl/);
  await local.waitForStatus(name, 'Running');
});

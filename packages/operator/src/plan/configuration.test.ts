import { expect, test } from 'vitest';
import { testObserved, testPod } from '../testing/cluster.ts';
import { planConfiguration } from './configuration.ts';

function steps(
  wanted: Record<string, unknown>,
  live: Record<string, unknown> | undefined,
  applied?: string[],
  statusOf: (ordinal: number) => object = () => ({}),
) {
  const pods = [0, 1, 2].map((ordinal) => {
    const pod = testPod({ ordinal, role: ordinal === 1 ? 'primary' : 'replica' });
    const status = JSON.parse(pod.metadata.annotations?.['status'] ?? '{}') as object;
    pod.metadata.annotations = { status: JSON.stringify({ ...status, ...statusOf(ordinal) }) };
    return pod;
  });
  const observed = testObserved([], pods, { leader: 'acid-demo-1', configuration: live });
  return planConfiguration({ wanted, applied, version: '17' }, observed);
}

const parameters = (values: Record<string, unknown>) => ({ postgresql: { parameters: values } });

test('only what differs is sent, parameters one by one', () => {
  const [step] = steps(
    { ttl: 20, postgresql: { parameters: { work_mem: '8MB', max_connections: '50' } } },
    { ttl: 30, loop_wait: 10, postgresql: { use_slots: true, parameters: { max_connections: 50 } } },
  );
  expect(step?.action).toEqual({
    type: 'configure',
    address: '10.0.0.2',
    patch: { ttl: 20, postgresql: { parameters: { work_mem: '8MB' } } },
    applied: ['postgresql/parameters/max_connections', 'postgresql/parameters/work_mem', 'ttl'],
  });
  expect(step?.why).toEqual(['ttl: 30 → 20', 'postgresql/parameters/work_mem: (unset) → 8MB']);
});

test('what the manifest once set and does not mention any more goes back to the default', () => {
  const [step] = steps({}, { ttl: 20, postgresql: { parameters: { work_mem: '8MB' } }, pause: true }, [
    'ttl',
    'postgresql/parameters/work_mem',
  ]);
  expect(step?.action).toMatchObject({
    patch: { ttl: null, postgresql: { parameters: { work_mem: null } } },
    applied: [],
  });
});

test("what goes back to the default is compared with Patroni's", () => {
  const back = (live: string) =>
    steps({}, parameters({ max_connections: live }), ['postgresql/parameters/max_connections'])
      .slice(1)
      .map(({ what }) => what.at(-1));
  expect(back('500')).toEqual(['1', '0', '2']);
  expect(back('50')).toEqual(['0', '2', '1']);
});

test("other people's settings stay, and a configuration that fits needs nothing", () => {
  expect(
    steps({ ttl: 20 }, { ttl: 20, pause: true, slots: { theirs: { type: 'physical' } } }, ['ttl']),
  ).toEqual([]);
  expect(steps({ synchronous_mode: false }, {}, ['synchronous_mode'])).toEqual([]);
});

test('nothing is done before Patroni has written its configuration', () => {
  expect(steps({ ttl: 20 }, undefined)).toEqual([]);
});

test('restarts go through the replicas first, one at a time', () => {
  const pending = () => ({ pending_restart: true });
  expect(steps({}, {}, [], pending).map(({ what }) => what)).toEqual([
    'restart PostgreSQL of acid-demo-0',
    'restart PostgreSQL of acid-demo-2',
    'restart PostgreSQL of acid-demo-1',
  ]);
});

const reasons = (changes: Record<string, [string, string]>) => ({
  pending_restart: true,
  pending_restart_reason: Object.fromEntries(
    Object.entries(changes).map(([name, [old_value, new_value]]) => [name, { old_value, new_value }]),
  ),
});
const order = (statusOf: (ordinal: number) => object) =>
  steps({}, {}, [], statusOf).map(({ what, waitFor }) => what.slice(-1) + (waitFor ?? ''));

test('a setting that replicas must not have lower than the primary is lowered on the primary first', () => {
  const pending = () => reasons({ max_connections: ['100', '50'] });
  expect(order(pending)).toEqual(['1', '0', '2']);
});

test('the replicas take the lower value when they have replayed that the primary has it', () => {
  const pending = (ordinal: number) => (ordinal === 1 ? {} : reasons({ max_wal_senders: ['10', '5'] }));
  expect(steps({}, {}, [], pending).map(({ action }) => action)).toMatchObject([
    { member: 'acid-demo-0', follows: '10.0.0.2' },
    { member: 'acid-demo-2', follows: '10.0.0.2' },
  ]);
});

test('one setting raised and one lowered: replicas, the primary, and the replicas again', () => {
  const both = reasons({ max_connections: ['100', '200'], max_wal_senders: ['10', '5'] });
  expect(order(() => both)).toEqual(['0', '2', '1', '0', '2']);
  // After its first restart a replica still has what the primary has.
  const once = (ordinal: number) => (ordinal === 0 ? reasons({ max_wal_senders: ['10', '5'] }) : both);
  expect(order(once)).toEqual(['2', '1', '0', '2']);
});

test('a lowered setting that is shared, and one of another kind: every member restarts once', () => {
  const both = () => reasons({ max_connections: ['100', '50'], shared_preload_libraries: ['', 'x'] });
  expect(order(both)).toEqual(['1', '0', '2']);
});

test('no other member is restarted while one does not stream, and that one is named', () => {
  const pending = (ordinal: number) =>
    ordinal === 2 ? { state: 'start failed' } : { pending_restart: true };
  expect(order(pending)).toEqual(['0acid-demo-2 streams', '1']);
});

test('a standby cluster is not restarted for what it cannot have lower than whom it follows', () => {
  const lower = (name: string) => (ordinal: number) => ({
    ...reasons({ [name]: ['1000', '100'] }),
    ...(ordinal === 1 ? { role: 'standby_leader' } : {}),
  });
  expect(order(lower('max_connections'))).toEqual([]);
  expect(order(lower('shared_buffers'))).toEqual(['0', '2', '1']);
});

const whatOf = (wanted: Record<string, unknown>, live: Record<string, unknown>) =>
  steps(parameters(wanted), parameters(live)).map(({ what }) => what);

test('restarts that a change needs are planned with it, in the order that the change needs', () => {
  const [change, first] = steps(
    parameters({ max_connections: '200' }),
    parameters({ max_connections: '100' }),
  );
  expect(change?.disturbs).toBe('reload');
  expect(first).toMatchObject({
    waitFor: 'Patroni says that a restart is pending',
    why: ['max_connections is only taken in at a start'],
  });
  const raised = whatOf({ max_connections: '200' }, { max_connections: '100' });
  expect(raised.slice(1).map((what) => what.at(-1))).toEqual(['0', '2', '1']);
  const lowered = whatOf({ max_connections: '50' }, { max_connections: '100' });
  expect(lowered.slice(1).map((what) => what.at(-1))).toEqual(['1', '0', '2']);
  const mixed = whatOf(
    { max_connections: '50', max_wal_senders: '20' },
    { max_connections: '100', max_wal_senders: '10' },
  );
  expect(mixed.slice(1).map((what) => what.at(-1))).toEqual(['0', '2', '1', '0', '2']);
  expect(whatOf({ work_mem: '8MB' }, { work_mem: '4MB' })).toEqual(["change Patroni's configuration"]);
});

const follow = (host: string | null, port: string | null = null) => ({
  standby_cluster: { restore_command: 'fetch', host, port, primary_slot_name: null },
});

test('a standby cluster that follows whom it should is left alone, however its image wrote it', () => {
  const live = { standby_cluster: { host: 'far', port: 5433, create_replica_methods: ['basebackup'] } };
  expect(steps(follow('far', '5433'), live, ['standby_cluster'])).toEqual([]);
  expect(steps(follow(null), { standby_cluster: { restore_command: 'other' } }, ['standby_cluster'])).toEqual(
    [],
  );
});

test('a standby cluster can be made, pointed elsewhere and promoted', () => {
  const [made] = steps(follow('far'), {});
  expect(made).toMatchObject({
    what: 'make the cluster a standby: it accepts no writes from then on',
    disturbs: 'downtime',
    action: { patch: follow('far'), applied: ['standby_cluster'] },
  });
  const live = { standby_cluster: { host: 'far' } };
  expect(steps(follow('farther'), live, ['standby_cluster'])).toMatchObject([
    { what: 'make the standby cluster follow another server', disturbs: 'reload' },
  ]);
  expect(steps({}, live, ['standby_cluster'])).toMatchObject([
    {
      what: 'promote the standby cluster: it accepts writes from then on',
      action: { patch: { standby_cluster: null }, applied: [] },
    },
  ]);
});

test('a standby cluster that the manifest never made is not promoted', () => {
  expect(steps({}, { standby_cluster: { host: 'far' } })).toEqual([]);
});

test('no password is among the reasons, wherever it stands', () => {
  const [step] = steps(
    {
      pg_hba: ['host all all 0.0.0.0/0 ldap ldapbindpasswd="wanted one" ldapserver=x'],
      postgresql: { parameters: { primary_conninfo: "host=x password='conn secret' user=y" } },
    },
    { pg_hba: ['host all all all ldap ldapbindpasswd=live ldapserver=x'] },
  );
  const why = step?.why.join('\n') ?? '';
  expect(why).toContain('ldapserver=x');
  expect(why).toContain('user=y');
  expect(why).not.toMatch(/wanted one|live|conn secret/);
});

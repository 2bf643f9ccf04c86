import type { ExtensionReport } from '@pgherd/cli/extensions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBackground } from './background.ts';
import { eventually } from './eventually.ts';
import { searchLeaks } from './leaks.ts';
import { LocalCluster, postgresqls } from './local-cluster.ts';
import { clusterManifest } from './manifests.ts';
import { queryOnce, Writer } from './writer.ts';

const name = 'acid-e2e';

/** Where roles of all clusters are. */
const roles = { infrastructure_roles_secret_name: 'infrastructure' };

/**
 * What every cluster must survive, on real pods, with Patroni's state in the given store. The tests of one file build
 * on each other: one cluster lives through all of them.
 */
export function defineClusterSuite(store: 'endpoints' | 'configmaps'): void {
  describe(`a cluster with its state in ${store}`, () => {
    let local: LocalCluster;

    const configuration = {
      kubernetes_use_configmaps: String(store === 'configmaps'),
      enable_persistent_volume_claim_deletion: 'true',
      ...(store === 'endpoints' ? roles : {}),
    };
    beforeAll(async () => {
      local = await LocalCluster.start(`e2e-${store}`, configuration);
    });
    afterAll(async () => {
      await local?.remove();
    });

    /** Runs `disturb` under a writer; afterwards it must write again, and nothing acknowledged may be missing. */
    async function underWriter(disturb: (writer: Writer) => Promise<void>): Promise<void> {
      const writer = new Writer(await local.address(name, 'zalando', 'foo'));
      await writer.start();
      try {
        await eventually('the writer writes', () => writer.count >= 5);
        await disturb(writer);
        const before = writer.count;
        await eventually('the writer writes again', () => writer.count >= before + 5, { timeoutMs: 120_000 });
      } finally {
        await writer.stop();
      }
      const { lost, report } = await writer.stopAndFindLost();
      expect(lost).toEqual([]);
      expect(report.acknowledged.length).toBeGreaterThanOrEqual(10);
    }

    /** All members stream, and Patroni has published one as synchronous: what a takeover needs to lose nothing. */
    async function waitUntilSynchronous(): Promise<void> {
      await local.waitForStatus(name, 'Running');
      await eventually('a replica is published as synchronous', async () => {
        const shown = JSON.parse(await local.pgherd('show', name, '-o', 'json')) as {
          members: { role: string; state: string }[];
        };
        return shown.members.some(({ role, state }) => role === 'sync replica' && state === 'streaming');
      });
    }

    test('the manifest becomes a running cluster', async () => {
      await local.apply(clusterManifest({ name, instances: 2, synchronous: true }));
      await local.waitForStatus(name, 'Running');
      const members = await local.pods(name);
      expect(members.map((pod) => pod.metadata?.name ?? '').sort()).toEqual([`${name}-0`, `${name}-1`]);
      expect(await local.pgherd('list')).toMatch(/acid-e2e +acid +17 +2\/2 +1Gi +Running/);
      expect(await local.kubectl('get', 'postgresql', name)).toContain('Running');
    });

    test('declared users log in through the Service with the passwords of their Secrets', async () => {
      for (const user of ['zalando', 'foo_user']) {
        const rows = await queryOnce<{ user: string; replica: boolean }>(
          await local.address(name, user, 'foo'),
          'select current_user as user, pg_is_in_recovery() as replica',
        );
        expect(rows).toEqual([{ user, replica: false }]);
      }
      const wrong = { ...(await local.address(name, 'zalando', 'foo')), password: 'wrong' };
      await expect(queryOnce(wrong, 'select 1')).rejects.toThrow('password authentication failed');
      const flags = await queryOnce(
        await local.address(name, 'zalando', 'foo'),
        `select rolname, rolsuper, rolcreatedb from pg_roles where rolname in ('zalando', 'foo_user') order by 1`,
      );
      expect(flags).toEqual([
        { rolname: 'foo_user', rolsuper: false, rolcreatedb: false },
        { rolname: 'zalando', rolsuper: true, rolcreatedb: true },
      ]);
      const owner = await queryOnce(
        await local.address(name, 'zalando', 'foo'),
        `select pg_get_userbyid(datdba) as owner from pg_database where datname = 'foo'`,
      );
      expect(owner).toEqual([{ owner: 'zalando' }]);
    });

    // What PostgreSQL makes of it does not depend on where Patroni keeps its state; see also `test/machine`.
    test.runIf(store === 'endpoints')(
      'a prepared database and a role of all clusters, on this version of PostgreSQL',
      async () => {
        const { infrastructure_roles_secret_name: secret } = roles;
        await local.apply({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { namespace: 'default', name: secret },
          stringData: { user1: 'robot', password1: 'given-to-the-robot', inrole1: 'pg_monitor' },
        });
        const manifest = clusterManifest({ name, instances: 2, synchronous: true });
        const spec = { ...(manifest['spec'] as object), preparedDatabases: { shop: { defaultUsers: true } } };
        await local.apply({ ...manifest, spec });
        const as = async (role: string, sql: string) =>
          queryOnce(await local.address(name, role, 'shop'), sql);
        await eventually('the owner creates', async () => as('shop_owner_user', 'create table t (x int)'));
        await as('shop_writer_user', 'insert into t values (1)');
        expect(await as('shop_reader_user', 'select x from t')).toEqual([{ x: 1 }]);
        await expect(as('shop_reader_user', 'insert into t values (2)')).rejects.toThrow('permission denied');
        await expect(as('shop_writer_user', 'create table data.u ()')).rejects.toThrow('permission denied');
        const member = `select pg_has_role('pg_monitor', 'usage') as monitors`;
        await eventually('the robot logs in', async () => {
          const [row] = (await as('robot', member)) as { monitors: boolean }[];
          return row?.monitors === true;
        });
        await local.apply(manifest);
        await local.waitForStatus(name, 'Running');
      },
    );

    test('show, psql and the passwords that they must not print', async () => {
      const shown = await eventually('show tells of a synchronous replica', async () => {
        const text = await local.pgherd('show', name);
        // The leader picks the synchronous replica in its next loop.
        return /Members[\s\S]*primary +running[\s\S]*sync replica +streaming/.test(text) && text;
      });
      const { password } = await local.address(name, 'zalando', 'foo');
      expect(shown).not.toContain(password);
      expect(shown).toContain('zalando:***@');
      expect(await local.pgherd('psql', name, '--', '-Atc', 'select 6 * 7')).toBe('42\n');
      const who = ['--', '-Atc', 'select session_user, current_database()'];
      expect(await local.pgherd('psql', name, '--role', 'zalando', ...who)).toBe('zalando|foo\n');
      const inPostgres = ['--role', 'zalando', '--database', 'postgres'];
      expect(await local.pgherd('psql', name, ...inPostgres, ...who)).toBe('zalando|postgres\n');
      await expect(local.pgherd('psql', name, '--role', 'nobody', ...who)).rejects.toThrow(
        /"nobody" does not exist[\s\S]*that log in: .*zalando/,
      );
    });

    test('no password and no verifier anywhere but in Secrets', async () => {
      const { searched, found } = await searchLeaks(local, name);
      expect(found).toEqual([]);
      expect(Object.entries(searched).filter(([, length]) => length < 10)).toEqual([]);
    });

    // Where Patroni keeps its state makes no difference to it.
    test.runIf(store === 'endpoints')(
      'extensions: what is installed, what is behind, what can be installed',
      async () => {
        const script = `CREATE EXTENSION IF NOT EXISTS hstore VERSION '1.7'; CREATE EXTENSION IF NOT EXISTS postgis`;
        await local.pgherd('psql', name, '--database', 'foo', '--', '-qc', script);
        const report = JSON.parse(await local.pgherd('extensions', name, '-o', 'json')) as ExtensionReport;
        const installed = report.installed.map((entry) => `${entry.database}: ${entry.name}`);
        expect(installed).toEqual(
          expect.arrayContaining([
            'foo: plpgsql',
            'foo: postgis',
            'postgres: pg_cron',
            'postgres: pg_stat_statements',
            'postgres: set_user',
            'template1: plpgsql',
          ]),
        );
        const newest = report.available.find((entry) => entry.name === 'hstore')?.version ?? '';
        const statement = 'ALTER EXTENSION "hstore" UPDATE';
        const behind = { database: 'foo', name: 'hstore', from: '1.7', to: newest, statement };
        expect(report.updates).toEqual([behind]);
        expect(report.unread).toEqual([]);
        await local.pgherd('psql', name, '--database', 'foo', '--', '-X', '-qc', statement);
        const text = await local.pgherd('extensions', name);
        expect(text).not.toContain('Updates');
        expect(text).toMatch(/^postgis +\S+ +public +foo$/m);
        const settings = 'SHOW output_plugin_libraries; SHOW cron.host';
        expect(await local.pgherd('psql', name, '--', '-Atc', settings)).toMatch(
          /wal2json.*\n\/run\/postgresql\n/,
        );
        expect(text).toMatch(/^timescaledb +\S+ +owner +loaded +/m);
      },
    );

    /** The lock was renewed a while ago: a death in the second of a renewal is not told from a restart. */
    async function untilRenewedBefore(): Promise<void> {
      const kind = store === 'endpoints' ? 'endpoints' : 'configmap';
      const object = store === 'endpoints' ? name : `${name}-leader`;
      await eventually('the last renewal is two seconds old', async () => {
        const path = 'jsonpath={.metadata.annotations.renewTime}';
        const renewed = await local.kubectl('get', kind, object, '-o', path);
        const age = Date.now() - Date.parse(renewed);
        return age > 2_000 && age < 6_000;
      });
    }

    test('every process of the primary killed: a replica takes over at once, nothing lost', async () => {
      await waitUntilSynchronous();
      await underWriter(async () => {
        await untilRenewedBefore();
        const before = await local.primary(name);
        // The first process of the container's PID namespace takes all others with it.
        process.kill(await local.containerProcess(before), 'SIGKILL');
        const after = await eventually('another member is primary', async () => {
          const now = await local.primary(name);
          return now.metadata?.name !== before.metadata?.name && now;
        });
        const path = `jsonpath={.items[?(@.reason=="FastFailover")].message}`;
        const told = `${after.metadata?.name} has taken over from ${before.metadata?.name}`;
        await eventually('the failover is told', async () =>
          (await local.kubectl('get', 'events', '-o', path)).includes(told),
        );
        const labelled = await local.kubectl('get', 'pods', '-o', 'name', '-l', 'spilo-role=master');
        expect(labelled.trim()).toBe(`pod/${after.metadata?.name}`);
      });
    });

    // It is PostgreSQL that dies: where Patroni keeps its state makes no difference to it.
    test.runIf(store === 'endpoints')(
      'PostgreSQL alone killed: its Patroni is woken and starts it again, nothing lost',
      async () => {
        await waitUntilSynchronous();
        const wakes = async (): Promise<number> => {
          const port = findBackground(local.home, 'operator')?.httpPort;
          const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          return Number(/^pgherd_patroni_wakes_total (\d+)$/m.exec(page)?.[1]);
        };
        const held = `select count(*) from pg_stat_activity where application_name = 'pgherd watch'`;
        await eventually('the operator holds a session', async () => {
          return (await local.pgherd('psql', name, '--', '-Atc', held)).trim() === '1';
        });
        const before = await wakes();
        await underWriter(async () => {
          const primary = (await local.primary(name)).metadata?.name ?? '';
          const pidFile = '/home/postgres/pgdata/pgroot/data/postmaster.pid';
          const kill = `kill -9 $(head -n 1 ${pidFile})`;
          await local.kubectl('exec', primary, '-c', 'postgres', '--', 'sh', '-c', kill);
          await eventually('its Patroni is woken', async () => (await wakes()) > before);
        });
      },
    );

    test("the primary's pod deleted: a replica takes over, nothing lost", async () => {
      await waitUntilSynchronous();
      const before = await local.primary(name);
      await underWriter(async () => {
        await local.kubectl('delete', 'pod', before.metadata?.name ?? '', '--wait=false');
        await eventually('another member is primary', async () => {
          const now = await local.primary(name);
          return now.metadata?.name !== before.metadata?.name;
        });
      });
    });

    test('the primary killed and kept away: a replica takes over, the old one rejoins', async () => {
      await waitUntilSynchronous();
      const before = await local.primary(name);
      const node = before.spec?.nodeName ?? '';
      await underWriter(async (writer) => {
        await local.kubectl('cordon', node);
        // No grace: Patroni has no chance to hand the leader lock over, the lease must run out.
        await local.kubectl(
          'delete',
          'pod',
          before.metadata?.name ?? '',
          '--grace-period=0',
          '--force',
          '--wait=false',
        );
        await eventually(
          'another member is primary',
          async () => (await local.primary(name)).metadata?.name !== before.metadata?.name,
          { timeoutMs: 90_000 },
        );
        const written = writer.count;
        await eventually('the new primary is written to', () => writer.count > written, {
          timeoutMs: 30_000,
        });
        await local.kubectl('uncordon', node);
      });
      await local.waitForStatus(name, 'Running');
      const rows = await queryOnce<{ application_name: string }>(
        await local.address(name, 'zalando', 'postgres'),
        "select application_name from pg_stat_replication where state = 'streaming'",
      );
      expect(rows.map((row) => row.application_name)).toContain(before.metadata?.name);
    });

    test('scaled from 2 to 3 to 1 under a writer', async () => {
      await waitUntilSynchronous();
      for (const instances of [3, 1]) {
        await underWriter(async () => {
          await local.apply(clusterManifest({ name, instances, synchronous: true }));
          await local.waitForStatus(name, 'Running');
          await eventually(
            `there are ${instances} pods`,
            async () => (await local.pods(name)).length === instances,
          );
        });
      }
    });

    // The other way is the same; the first deletion below finds what both stores have.
    test.runIf(store === 'configmaps')('its state moves to Endpoints while it is stopped', async () => {
      const address = await local.address(name, 'zalando', 'foo');
      await queryOnce(address, 'create table moved as select 1 as x');
      local.configure({ ...configuration, kubernetes_use_configmaps: 'false' });
      await local.apply(clusterManifest({ name, instances: 0, synchronous: true }));
      await eventually('new pods would get the other store', async () => {
        const path = 'jsonpath={.spec.template.spec.containers[0].env[*].name}';
        return !(await local.kubectl('get', 'statefulset', name, '-o', path)).includes('USE_CONFIGMAPS');
      });
      await local.apply(clusterManifest({ name, instances: 1, synchronous: true }));
      await local.waitForStatus(name, 'Running');
      expect(await queryOnce(address, 'select x from moved')).toEqual([{ x: 1 }]);
      const leader = 'jsonpath={.metadata.annotations.leader}';
      expect(await local.kubectl('get', 'endpoints', name, '-o', leader)).toBe(`${name}-0`);
    });

    test('deleting the manifest leaves nothing behind', async () => {
      await local.pgherd('delete', name, '--confirm', name);
      const kinds =
        'pods,services,secrets,statefulsets,persistentvolumeclaims,endpoints,configmaps,poddisruptionbudgets';
      await eventually('nothing is left', async () => {
        const left = await local.kubectl('get', kinds, '-o', 'name', '-l', `cluster-name=${name}`);
        if (left.trim() !== '') throw new Error(`left: ${left}`);
        return true;
      });
    });

    test('the operator killed at random moments of a creation: it still converges', async () => {
      const victim = `${name}-killed`;
      await local.apply(clusterManifest({ name: victim, instances: 2 }));
      for (let kills = 0; kills < 4; kills += 1) {
        const running = await eventually('the operator runs', () => findBackground(local.home, 'operator'));
        // Any moment will do: the test is that none of them matters.
        const delay = 200 + Math.random() * 2500;
        await new Promise((resolve) => setTimeout(resolve, delay));
        process.kill(running.pid, 'SIGKILL');
        await local.up();
      }
      await local.waitForStatus(victim, 'Running');
      const rows = await queryOnce(await local.address(victim, 'foo_user', 'foo'), 'select 1 as one');
      expect(rows).toEqual([{ one: 1 }]);
      expect(
        (await local.client.get(postgresqls, { namespace: local.namespace, name: victim })).metadata
          .finalizers,
      ).toHaveLength(1);
      await local.pgherd('delete', victim, '--confirm', victim);
    });
  });
}

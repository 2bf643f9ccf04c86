import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { check, isClean, type Verdict } from '../chaos/check.ts';
import { WritingClient } from '../chaos/writing-client.ts';
import { BarePostgres } from '../support/bare-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { queryOnce, type Address } from '../support/writer.ts';

const prefix = 'pgherd-test-chaos-';
const table = 'chaos_a';
/** Smallest file that XFS can be made in. */
const volumeBytes = 320 * 2 ** 20;

let directory = '';
let servers: BarePostgres[] = [];

function removeAll(): void {
  for (const mounted of globSync(join(tmpdir(), `${prefix}*`, 'mnt-*'))) {
    try {
      execFileSync('umount', ['--lazy', mounted], { stdio: 'pipe' });
    } catch {
      // Nothing is mounted there.
    }
  }
  for (const left of globSync(join(tmpdir(), `${prefix}*`))) rmSync(left, { recursive: true, force: true });
}

beforeEach(() => {
  removeAll();
  directory = mkdtempSync(join(tmpdir(), prefix));
  execFileSync('chmod', ['755', directory]);
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.crash();
  removeAll();
});

async function prepareTable(address: Address): Promise<void> {
  await queryOnce(address, `create table ${table} (n int)`);
}

/** What the checker says of this client when these are the rows that are left. */
async function judge(client: WritingClient, address: Address): Promise<Verdict> {
  const rows = await queryOnce<{ n: number }>(address, `select n from ${table}`);
  return check({ writes: client.writes, reads: [], rows: { [table]: rows.map(({ n }) => n) } });
}

/**
 * A primary and a standby whose replication stands still; the primary goes on for a while and dies, the standby is
 * promoted.
 */
async function takeover(
  primarySettings: Record<string, string>,
): Promise<{ verdict: Verdict; unknown: number }> {
  const primary = await BarePostgres.initialise(join(directory, 'primary'));
  servers.push(primary);
  await primary.start();
  const standby = await primary.replicate(join(directory, 'standby'), 'standby');
  servers.push(standby);
  await standby.start();
  for (const [name, value] of Object.entries(primarySettings))
    await queryOnce(primary.address, `alter system set ${name} = '${value}'`);
  await queryOnce(primary.address, 'select pg_reload_conf()');
  await prepareTable(primary.address);
  const client = new WritingClient(table, () => primary.address);
  client.start();
  await eventually('it is written to', () => client.acknowledged >= 10);
  const [receiver] = await queryOnce<{ pid: number }>(
    standby.address,
    'select pid from pg_stat_wal_receiver',
  );
  process.kill(receiver?.pid ?? 0, 'SIGSTOP');
  const attempts = client.writes.length;
  const [isSynchronous] = [primarySettings['synchronous_standby_names'] !== undefined];
  if (isSynchronous) await eventually('a write waits in vain', () => client.writes.length > attempts + 1);
  else await eventually('it is written on', () => client.acknowledged >= 60);
  await primary.crash();
  await client.stop();
  process.kill(receiver?.pid ?? 0, 'SIGKILL');
  await eventually('the standby has recovered from that', () => queryOnce(standby.address, 'select 1'));
  standby.promote();
  const verdict = await judge(client, standby.address);
  return { verdict, unknown: client.writes.filter(({ outcome }) => outcome === 'unknown').length };
}

test('a takeover in asynchronous mode that is claimed to be synchronous is found out', async () => {
  const { verdict } = await takeover({});
  expect(verdict.lost.length).toBeGreaterThan(10);
  expect(isClean(verdict)).toBe(false);
});

test('the same takeover in synchronous mode loses nothing', async () => {
  const { verdict, unknown } = await takeover({ synchronous_standby_names: 'standby' });
  expect(verdict.lost).toEqual([]);
  expect(isClean(verdict)).toBe(true);
  expect(unknown).toBeGreaterThan(0);
});

/** A power cut: only what had reached the disk is there afterwards. */
async function powerCut(fsync: 'on' | 'off'): Promise<Verdict> {
  const [disk, after] = [join(directory, 'disk'), join(directory, 'disk-after')];
  execFileSync('truncate', ['--size', String(volumeBytes), disk]);
  execFileSync('mkfs.xfs', ['-q', disk]);
  const before = mount(disk, 'before');
  const server = await BarePostgres.initialise(join(before, 'data'));
  servers.push(server);
  // Nothing is to reach the disk by chance.
  await server.start({
    fsync,
    checkpoint_timeout: '1d',
    wal_writer_delay: '10s',
    bgwriter_lru_maxpages: '0',
  });
  await prepareTable(server.address);
  await queryOnce(server.address, 'checkpoint');
  execFileSync('sync', ['--file-system', before]);
  const client = new WritingClient(table, () => server.address);
  client.start();
  await eventually('it is written to', () => client.acknowledged >= 100);
  copyFileSync(disk, after);
  await client.stop();
  await server.crash();
  execFileSync('umount', [before]);
  const restarted = await BarePostgres.at(join(mount(after, 'after'), 'data'));
  servers.push(restarted);
  rmSync(join(restarted.data, 'postmaster.pid'), { force: true });
  await restarted.start();
  // What was written while the disk was copied may be on it or not.
  const certain = client.writes.filter(({ n }) => n <= 100);
  const rows = await queryOnce<{ n: number }>(restarted.address, `select n from ${table} where n <= 100`);
  return check({ writes: certain, reads: [], rows: { [table]: rows.map(({ n }) => n) } });
}

/** Mounts an image file; answers where. */
function mount(image: string, name: string): string {
  const target = join(directory, `mnt-${name}`);
  mkdirSync(target);
  execFileSync('mount', ['-o', 'loop,nouuid', image, target]);
  execFileSync('chmod', ['777', target]);
  return target;
}

test('a server that does not wait for the disk is found out by a power cut', async () => {
  const verdict = await powerCut('off');
  expect(verdict.lost.length).toBeGreaterThan(10);
});

test('a server that waits for the disk loses nothing by a power cut', async () => {
  expect((await powerCut('on')).lost).toEqual([]);
});

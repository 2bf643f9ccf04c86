import type { MemberView, PatroniClient } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { NotRebuiltError, rebuildMember } from './rebuild-member.ts';

const view = (changes: Partial<MemberView>): MemberView => ({
  state: 'running',
  role: 'replica',
  pendingRestart: false,
  paused: false,
  replication: [],
  raw: {},
  ...changes,
});

const streaming = { applicationName: 'demo-1', clientAddress: '10.0.0.2', state: 'streaming' };

/** What is done when both members answer so, and the one reaches the other or not. */
async function done(
  own: Partial<MemberView>,
  leader: Partial<MemberView> = {},
  reaches: boolean | undefined = true,
): Promise<string[]> {
  const calls: string[] = [];
  const patroni = (address: string) =>
    ({
      patroni: async () => (address === '10.0.0.2' ? view(own) : view({ role: 'primary', ...leader })),
      reinitialize: async () => {
        calls.push(`reinitialize ${address}`);
        return 'reinitialize started\n';
      },
    }) as unknown as PatroniClient;
  const action = {
    type: 'rebuild' as const,
    member: 'demo-1',
    address: '10.0.0.2',
    leader: 'demo-0',
    leaderAddress: '10.0.0.1',
    note: {},
  };
  const note = async () => void calls.push('note');
  const canReach = async (member: string, address: string) =>
    member === 'demo-1' && address === '10.0.0.1' ? reaches : undefined;
  await rebuildMember({ patroni, canReach, note }, action).catch((error: unknown) => {
    calls.push(error instanceof NotRebuiltError ? 'refused' : String(error));
  });
  return calls;
}

const rebuilt = ['note', 'reinitialize 10.0.0.2'];

test.each<[string, Partial<MemberView>, Partial<MemberView>?]>([
  ['follows nobody', {}],
  ['was the primary and does not start', { state: 'start failed', role: 'primary' }],
  [
    'only seems to stream: its predecessor did',
    {},
    { replication: [{ ...streaming, clientAddress: '10.0.0.9' }] },
  ],
  ['is in a standby cluster', {}, { role: 'standby_leader' }],
])('a replica that %s is rebuilt, after it is noted', async (_what, own, leader) => {
  expect(await done(own, leader)).toEqual(rebuilt);
});

test.each<[string, Partial<MemberView>, Partial<MemberView>?]>([
  ['it streams after all', {}, { replication: [streaming] }],
  ['it leads', { role: 'primary' }],
  ['it copies already', { state: 'creating replica' }],
  ['its address is another one by now', { raw: { patroni: { name: 'other-0' } } }],
  ['the primary does not run', {}, { state: 'stopped' }],
  ['the primary leads no more', {}, { role: 'replica' }],
])('nothing is thrown away when %s', async (_why, own, leader) => {
  expect(await done(own, leader)).toEqual(['refused']);
});

test('nothing is thrown away where the primary cannot be reached from: the copy could not be made', async () => {
  expect(await done({}, {}, false)).toEqual(['refused']);
});

test('that nobody can say whether it is reached holds nothing up', async () => {
  expect(await done({}, {}, undefined)).toEqual(rebuilt);
});

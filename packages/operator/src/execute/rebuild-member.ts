import type { PatroniClient } from '@pgherd/patroni';
import type { Action } from '../plan/step.ts';

/** The data of the member is not to be thrown away now. Passes by itself as a rule. */
export class NotRebuiltError extends Error {
  override readonly name = 'NotRebuiltError';
}

/** What a rebuild is done with. */
export interface RebuildHands {
  /** Patroni's API at an address. */
  patroni: (address: string) => PatroniClient;
  /** Whether PostgreSQL at the address answers somebody in the member's pod; undefined: nobody can say. */
  canReach: (member: string, address: string) => Promise<boolean | undefined>;
  /** Remembers the attempt; done right before. */
  note: () => Promise<void>;
}

/**
 * Has a replica throw its data away and copy the primary's. Both are asked right before, because what they published may be
 * old, and what is thrown away is gone: only while a primary works that this replica reaches and does not stream from.
 * Answers what Patroni said.
 */
export async function rebuildMember(
  hands: RebuildHands,
  action: Extract<Action, { type: 'rebuild' }>,
): Promise<string> {
  await assertUseless(hands, action);
  await hands.note();
  return (await hands.patroni(action.address).reinitialize({ force: true })).trim();
}

const leads = ['primary', 'master', 'standby_leader'];

async function assertUseless(
  { patroni, canReach }: RebuildHands,
  { member, address, leader, leaderAddress }: Extract<Action, { type: 'rebuild' }>,
): Promise<void> {
  const [own, primary] = await Promise.all([patroni(address).patroni(), patroni(leaderAddress).patroni()]);
  const refuse = (why: string): never => {
    throw new NotRebuiltError(`${why}: it is looked at again before ${member} is copied anew`);
  };
  const { name } = (own.raw['patroni'] ?? {}) as { name?: string };
  if (name !== undefined && name !== member) refuse(`at the address of ${member} there is ${name} now`);
  if (own.state === 'creating replica') refuse(`${member} copies its data already`);
  if (own.state === 'running' && leads.includes(own.role)) refuse(`${member} leads now`);
  if (primary.state !== 'running' || !leads.includes(primary.role))
    refuse(`${leader} says that it is ${primary.role}, ${primary.state}`);
  const streams = primary.replication.some(
    ({ applicationName, clientAddress, state }) =>
      applicationName === member && clientAddress === address && state === 'streaming',
  );
  if (streams) refuse(`${member} streams from ${leader}`);
  if ((await canReach(member, leaderAddress)) === false)
    refuse(`${member} does not reach ${leader} at ${leaderAddress}:5432, so that nothing could be copied`);
}

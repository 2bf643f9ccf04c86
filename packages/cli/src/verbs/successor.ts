import { formatBytes } from '../output.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { mayNotLead, memberOf, streams, workingPrimary, type Situation, type Standing } from './situation.ts';

/** Why this member cannot take over from a primary that works; undefined when it can. */
export function unfitForSwitchover(situation: Situation, member: Standing): string | undefined {
  const { mode, synchronous, maximumLag } = situation;
  const why = unfit(member);
  if (why !== undefined) return why;
  const { view } = member;
  if (!streams(situation, member)) return `it does not stream (${view?.replicationState ?? view?.state})`;
  const primary = workingPrimary(situation)?.view;
  if (primary?.timeline !== undefined && view?.timeline !== undefined && primary.timeline !== view.timeline) {
    return `it is on timeline ${view.timeline}, the primary on ${primary.timeline}`;
  }
  if (mode !== 'asynchronous' && !synchronous.includes(member.name)) {
    return `commits do not wait for it, and replication is ${mode}`;
  }
  const lag = behind(primary?.location, view?.location);
  return lag > maximumLag
    ? `it is ${formatBytes(lag)} behind, and may be ${formatBytes(maximumLag)}`
    : undefined;
}

/** What keeps a member from becoming primary in any case. */
function unfit(member: Standing): string | undefined {
  const { leaving, view, silence } = member;
  if (leaving) return 'its pod is about to go';
  if (view === undefined) return `its Patroni does not answer (${silence})`;
  if (mayNotLead(member)) return 'its tags forbid it (nofailover)';
  if (view.state !== 'running') return `its PostgreSQL is ${view.state}`;
  return undefined;
}

function behind(primary: number | undefined, member: number | undefined): number {
  return primary === undefined || member === undefined ? 0 : Math.max(0, primary - member);
}

/** The member that the caller named; exit code 3 when there is none of that name. */
export function namedMember(situation: Situation, name: string): Standing {
  const member = memberOf(situation, name);
  if (member !== undefined) return member;
  const all = situation.members.map((each) => each.name).join(', ') || 'none';
  throw new CommandError(
    `cluster ${situation.name} has no member ${name}; members are: ${all}`,
    exitCode.notFound,
  );
}

/** Who takes over in a switchover. Throws why nobody, or not the one that was named, can. */
export function chooseForSwitchover(situation: Situation, named: string | undefined): Standing {
  const primary = workingPrimary(situation);
  if (primary === undefined) {
    throw new CommandError(
      `cluster ${situation.name} has no working primary that could hand over: ` +
        `\`pgherd show ${situation.name}\` says how it stands, \`pgherd failover ${situation.name}\` makes another member primary`,
    );
  }
  const others = situation.members.filter((member) => member !== primary);
  if (others.length === 0) {
    throw new CommandError(`cluster ${situation.name} has one member only: nobody can take over`);
  }
  if (named !== undefined) {
    const member = namedMember(situation, named);
    const why = unfitForSwitchover(situation, member);
    if (why !== undefined) throw new CommandError(`${named} cannot take over: ${why}`);
    return member;
  }
  const able = others.filter((member) => unfitForSwitchover(situation, member) === undefined);
  const [best] = able.sort(byPosition);
  if (best !== undefined) return best;
  const reasons = others.map(
    (member) => `${member.name}: ${unfitForSwitchover(situation, member) ?? 'able'}`,
  );
  throw new CommandError(`nobody can take over: ${reasons.join('; ')}`);
}

/** The one that has most comes first. */
function byPosition({ view: a }: Standing, { view: b }: Standing): number {
  return (b?.timeline ?? 0) - (a?.timeline ?? 0) || (b?.location ?? 0) - (a?.location ?? 0);
}

/**
 * Who becomes primary in a failover: the one that was named, or the one that has most, of those that commits wait for if
 * there are any. Throws why nobody can.
 */
export function chooseForFailover(situation: Situation, named: string | undefined): Standing {
  const candidates = situation.members.filter(({ name }) => name !== situation.holder);
  if (named !== undefined) {
    const member = namedMember(situation, named);
    if (member === workingPrimary(situation)) throw new CommandError(`${named} is the primary`);
    const why = unfit(member);
    if (why !== undefined) throw new CommandError(`${named} cannot become primary: ${why}`);
    return member;
  }
  const able = candidates.filter((member) => unfit(member) === undefined).sort(byPosition);
  const best = able.find(({ name }) => situation.synchronous.includes(name)) ?? able[0];
  if (best !== undefined) return best;
  const reasons = candidates.map((member) => `${member.name}: ${unfit(member) ?? 'able'}`);
  throw new CommandError(`nobody can become primary: ${reasons.join('; ') || 'there is no other member'}`);
}

/** What a failover to this member may lose, in words; undefined when nothing that was acknowledged. */
export function lossOf(situation: Situation, to: Standing): string | undefined {
  const { mode, synchronous, members, holder } = situation;
  if (mode !== 'asynchronous' && synchronous.includes(to.name)) return undefined;
  const most = Math.max(0, ...members.map(({ view }) => view?.location ?? 0));
  const lag = behind(most, to.view?.location);
  const known =
    lag > 0 ? `${formatBytes(lag)} that another member has` : 'no member that answers has more than it';
  return mode === 'asynchronous'
    ? `commits that ${holder ?? 'the primary'} acknowledged and ${to.name} has not received are lost (replication is asynchronous; ${known})`
    : `commits that ${to.name} has not received are lost: commits do not wait for it, but for ${synchronous.join(', ') || 'nobody'} (${known})`;
}

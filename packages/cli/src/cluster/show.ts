import { formatBytes, formatTable, parseOutputFormat, print } from '../output.ts';
import type { ClusterOptions } from './commands.ts';
import { gatherOverview } from './gather.ts';
import type { Overview } from './overview.ts';
import { formatWritten } from '../verbs/moment.ts';
import { getCluster, withTarget } from './target.ts';

function section(title: string, headings: string[], rows: string[][]): string[] {
  return rows.length === 0 ? [] : ['', title, formatTable(headings, rows)];
}

/** What the operator has still to do, as `pgherd plan` prints it. */
function stepLines({ steps, stepsLeft }: Overview): string[] {
  if (steps.length === 0) return [];
  const lines = steps.flatMap(({ what, why = [], disturbs, waitFor }, index) => [
    `${String(index + 1).padStart(3)}. ${what}${disturbs === undefined || disturbs === 'nothing' ? '' : `  [${disturbs}]`}`,
    ...why.map((reason) => `     because ${reason}`),
    ...(waitFor === undefined ? [] : [`     waits until: ${waitFor}`]),
  ]);
  const more = stepsLeft > steps.length ? [`     and ${stepsLeft - steps.length} more`] : [];
  return ['', 'Steps left', ...lines, ...more];
}

/** The overview for people. */
export function formatOverview(overview: Overview): string {
  const { observedGeneration, generation } = overview;
  const behind =
    observedGeneration !== undefined && observedGeneration < generation ? ' (a newer manifest waits)' : '';
  const ready = overview.members.filter((member) => member.ready).length;
  return [
    `${overview.namespace}/${overview.name}: ${overview.status || 'not seen by an operator yet'}${behind}`,
    `PostgreSQL ${overview.version}, team ${overview.team}, ${ready} of ${overview.instances} members ready, ` +
      `${overview.replication} replication`,
    ...(overview.lastError === undefined
      ? []
      : [`Wrong since ${overview.lastError.since}: ${overview.lastError.message}`]),
    ...(overview.paused
      ? [`Paused: nobody takes over, nothing is restarted, until \`pgherd resume ${overview.name}\``]
      : []),
    ...section(
      'Scheduled',
      ['WHAT', 'WHEN'],
      overview.scheduled.map(({ what, at }) => [what, formatWritten(at)]),
    ),
    ...section(
      'Members',
      ['NAME', 'ROLE', 'STATE', 'TIMELINE', 'LAG', 'READY', 'RESTARTS', 'NODE'],
      overview.members.map((member) => [
        member.name,
        member.role,
        member.state + (member.pendingRestart ? ', restart pending' : ''),
        String(member.timeline ?? '?'),
        member.lagBytes === undefined ? '?' : formatBytes(member.lagBytes),
        member.ready ? 'yes' : 'no',
        String(member.restarts),
        member.node,
      ]),
    ),
    ...section(
      'Volumes',
      ['CLAIM', 'PHASE', 'SIZE', 'CLASS', 'VOLUME'],
      overview.volumes.map((volume) => [
        volume.claim,
        volume.phase,
        volume.size,
        volume.storageClass,
        volume.volume,
      ]),
    ),
    ...section(
      'Endpoints',
      ['SERVICE', 'ROLE', 'ADDRESS', 'PODS'],
      overview.endpoints.map((row) => [row.service, row.role, row.address, row.pods.join(', ') || 'none']),
    ),
    ...section(
      'Poolers',
      ['NAME', 'ROLE', 'MODE', 'ADDRESS', 'READY', 'IMAGE'],
      overview.poolers.map((row) => [
        row.name,
        row.role,
        row.mode,
        row.address,
        `${row.ready} of ${row.pods}`,
        row.image,
      ]),
    ),
    ...stepLines(overview),
    ...section(
      'Conditions',
      ['TYPE', 'STATUS', 'REASON', 'MESSAGE'],
      overview.conditions.map((row) => [row.type, row.status, row.reason, row.message]),
    ),
    ...section(
      'Connections',
      ['USER', 'SECRET', 'URI'],
      overview.connections.map((row) => [row.user, row.secret, row.uri]),
    ),
  ].join('\n');
}

/** `pgherd show NAME` */
export async function show(name: string, options: ClusterOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  await withTarget(options, async (target) => {
    const overview = await gatherOverview(target, await getCluster(target, name));
    print(format, overview, () => formatOverview(overview));
  });
}

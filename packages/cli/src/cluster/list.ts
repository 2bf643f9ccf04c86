import { readStatus, type Postgresql, type PostgresqlStatus } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { formatAge, formatTable, parseOutputFormat, print } from '../output.ts';
import type { ClusterOptions } from './commands.ts';
import { postgresqls, withTarget } from './target.ts';

/** One line of `pgherd list`. */
interface Row {
  namespace: string;
  name: string;
  team: string;
  version: string;
  ready: string;
  volume: string;
  status: string;
  primary: string;
  age: string;
}

function rowOf(cluster: Postgresql & KubeObject, now: number): Row {
  const status = readStatus(cluster.status);
  const instances = status.instances ?? cluster.spec.numberOfInstances;
  return {
    namespace: cluster.metadata.namespace ?? '',
    name: cluster.metadata.name ?? '',
    team: cluster.spec.teamId,
    version: cluster.spec.postgresql.version,
    ready: `${status.readyInstances ?? 0}/${instances}`,
    volume: cluster.spec.volume.size,
    status: statusOf(status),
    primary: status.primary ?? '',
    age: formatAge(now - Date.parse(cluster.metadata.creationTimestamp ?? '')),
  };
}

/** The word, what a person decided besides, and that changes wait for their time. */
export function statusOf({
  PostgresClusterStatus: word = '',
  conditions = [],
  scheduled = [],
}: PostgresqlStatus): string {
  const is = (condition: string): boolean =>
    conditions.some(({ type, status }) => type === condition && status === 'True');
  const [next] = scheduled;
  return [
    word,
    ...(is('Paused') ? ['paused'] : []),
    ...(is('Postponed') ? ['changes postponed'] : []),
    ...(next === undefined ? [] : [`${next.what.split(' ')[0]} scheduled`]),
  ].join(', ');
}

/** `pgherd list` */
export async function list(options: ClusterOptions & { allNamespaces: boolean }): Promise<void> {
  const format = parseOutputFormat(options.output);
  await withTarget(options, async ({ client, namespace }) => {
    const { items } = await client.list(postgresqls, options.allNamespaces ? {} : { namespace });
    const rows = items.map((item) => rowOf(item, Date.now()));
    print(format, rows, () => {
      if (rows.length === 0) {
        return options.allNamespaces ? 'no clusters' : `no clusters in namespace ${namespace} (-A lists all)`;
      }
      const columns: (keyof Row)[] = [
        'name',
        'team',
        'version',
        'ready',
        'volume',
        'status',
        'primary',
        'age',
      ];
      if (options.allNamespaces) columns.unshift('namespace');
      return formatTable(
        columns.map((column) => column.toUpperCase()),
        rows.map((row) => columns.map((column) => row[column])),
      );
    });
  });
}

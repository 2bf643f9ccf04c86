import type { Client } from '@pgherd/kube/client';
import { literal, PostgresError, type Connection, type Sessions } from '@pgherd/postgres';

/** A pod that runs the server. */
export interface ServerPod {
  client: Pick<Client, 'exec'>;
  namespace: string;
  name: string;
}

/** No setting of role or database comes before these; nothing that a user planted in a schema is found. */
const sessionSettings = [
  'search_path=pg_catalog,pg_temp',
  'role=none',
  'client_encoding=UTF8',
  'default_transaction_read_only=on',
  'statement_timeout=60s',
  'lock_timeout=10s',
  'standard_conforming_strings=on',
  'client_min_messages=warning',
];

/** Names are variables, because psql takes apart what stands in its options. */
const script =
  'export PGUSER="${PGUSER_SUPERUSER:-postgres}" PGDATABASE="$1" PGOPTIONS="$2" PGAPPNAME=pgherd-plan; ' +
  'exec psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --set VERBOSITY=verbose';

/**
 * Read-only sessions through psql in the primary's pod, with the caller's right to run commands there. Each query is a
 * session of its own, and its rows come as JSON. Throws `PostgresError` for what PostgreSQL refuses.
 */
export function podSessions(pod: ServerPod): Sessions {
  return {
    server: `PostgreSQL in pod ${pod.namespace}/${pod.name}`,
    use: (database, run) => run(podConnection(pod, database ?? 'postgres')),
    close: () => Promise.resolve(),
  };
}

function podConnection(pod: ServerPod, database: string): Connection {
  const options = sessionSettings.map((setting) => `-c ${setting}`).join(' ');
  return {
    async query<Row extends object>(sql: string, values: unknown[] = []) {
      const { exitCode, stdout, stderr } = await pod.client.exec(
        { namespace: pod.namespace, name: pod.name },
        {
          container: 'postgres',
          command: ['/bin/sh', '-c', script, 'psql', database, options],
          // A server that speaks an old version of the protocol never closes the standard input.
          stdin: `${asJson(sql, values)};\n\\q\n`,
        },
      );
      if (exitCode !== 0) {
        const code = /(?:ERROR|FATAL): +([0-9A-Z]{5})/.exec(stderr)?.[1];
        const [said = ''] = stderr.trim().split('\n');
        const message = `psql in pod ${pod.name}, database ${database}: ${said}`;
        throw new PostgresError(message, code, exitCode !== 3);
      }
      return JSON.parse(stdout) as Row[];
    },
    // Nothing is ever written.
    transaction: (run) => run(),
    close: () => Promise.resolve(),
  };
}

/** The query's rows as one JSON array; parameters come as constants whose type the query decides. */
function asJson(sql: string, values: unknown[]): string {
  const wrapped = `select coalesce(json_agg(row_to_json(q)), '[]') from (${sql}) q`;
  if (values.length === 0) return wrapped;
  const constants = values.map((value) => (value === null ? 'null' : literal(textOf(value))));
  return `prepare q as ${wrapped};\nexecute q(${constants.join(', ')})`;
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((each) => `"${String(each).replaceAll(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

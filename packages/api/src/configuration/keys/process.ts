import { inGroup, minute, second } from '../key.ts';

const debug = inGroup('debug');
const http = inGroup('logging_rest_api');
const patroni = inGroup('patroni');

/** Settings about the operator's own process, and Patroni. */
export const processKeys = {
  debug_logging: debug.flag(false, 'Whether the operator logs what it observes as well as what it does.', {
    differs: { zalando: 'true', why: 'What matters to a user is also told in events.' },
  }),
  enable_database_access: debug.flag(true, 'Whether the operator connects to PostgreSQL at all.'),
  api_port: http.count(8080, "Port of the operator's HTTP API.", {
    minimum: 1,
    maximum: 65_535,
  }),
  cluster_history_entries: http.count(1000, 'How many changes of a cluster are remembered.', {
    minimum: 0,
  }),
  ring_log_lines: http.count(100, 'How many log lines of a cluster or worker are remembered.', {
    minimum: 0,
  }),
  enable_fast_failover: patroni.flag(
    true,
    'Whether the operator takes the leader lock away from a primary whose container is dead for sure, instead of letting it run out.',
  ),
  fast_failover_restart_timeout: patroni.period(
    5 * second,
    'How long the container of an asynchronous primary may take to come back, and PostgreSQL in it (of any primary) to start, before a replica takes over; 0: one takes over at once. The second is `primary_start_timeout` of Patroni, in whole seconds: new clusters are made with it, existing ones get it when this key is written.',
  ),
  fast_failover_sessions: patroni.count(
    200,
    'To how many primaries the operator holds an idle session, which tells when PostgreSQL dies in a container that lives. Each takes 0.14 MB of its memory.',
    { minimum: 0 },
  ),
  enable_patroni_api_tls: patroni.flag(
    true,
    "Whether the REST API of Patroni in new clusters speaks TLS, with a certificate of the cluster's own, and wants a password for everything that changes something. Clusters that exist stay as they are, and so do clusters with another image than pgherd's.",
    {
      differs: {
        zalando: 'false',
        why: 'Otherwise everybody who reaches a pod can move, restart and reconfigure its cluster.',
      },
    },
  ),
  replica_rebuild_after: patroni.period(
    5 * minute,
    'How long a replica may run without following the primary before its data is thrown away and copied again, each next time after twice as long; 0: never.',
  ),
  enable_patroni_failsafe_mode: patroni.flag(
    true,
    'Whether `failsafe_mode` of Patroni is on, unless the manifest says.',
    {
      differs: {
        zalando: 'false',
        why: "Without it every primary stops to accept writes when Kubernetes' API is away for longer than `ttl`.",
      },
    },
  ),
};

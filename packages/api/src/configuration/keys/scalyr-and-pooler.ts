import { inGroup, minute } from '../key.ts';
import { cpu, memory, oneOf, url } from '../words.ts';

const scalyr = inGroup('scalyr');
const pooler = inGroup('connection_pooler');

function scalyrAmount(kind: typeof cpu, value: string, what: string) {
  return scalyr.key({ kind, default: value, description: `${what} of the container.` });
}

export const scalyrKeys = {
  scalyr_api_key: scalyr.words(
    '',
    'Key of the API of Scalyr; without it there is no container. The environment variable SCALYR_API_KEY wins.',
    { secret: true },
  ),
  scalyr_cpu_limit: scalyrAmount(cpu, '1', 'CPU limit'),
  scalyr_cpu_request: scalyrAmount(cpu, '100m', 'CPU request'),
  scalyr_image: scalyr.words('', 'Image of the container; without it there is none.'),
  scalyr_memory_limit: scalyrAmount(memory, '500Mi', 'Memory limit'),
  scalyr_memory_request: scalyrAmount(memory, '50Mi', 'Memory request'),
  scalyr_server_url: scalyr.key({
    kind: url,
    default: 'https://upload.eu.scalyr.com',
    description: 'Server that logs are sent to.',
  }),
};

export const poolerKeys = {
  connection_pooler_default_cpu_limit: pooler.cpu('CPU limit of a pooler, unless the manifest has one.'),
  connection_pooler_default_cpu_request: pooler.cpu('CPU request of a pooler, unless the manifest has one.'),
  connection_pooler_default_memory_limit: pooler.memory(
    'Memory limit of a pooler, unless the manifest has one.',
  ),
  connection_pooler_default_memory_request: pooler.memory(
    'Memory request of a pooler, unless the manifest has one.',
  ),
  connection_pooler_image: pooler.words(
    'localhost/pgherd/pooler:1.24',
    'Image of the pooler, unless the manifest has its own.',
    {
      nonEmpty: true,
      differs: {
        zalando: 'ghcr.io/zalando/postgres-operator/pgbouncer:v2.0.1',
        why: "pgherd's own image, built by `make image`.",
      },
    },
  ),
  connection_pooler_max_db_connections: pooler.count(
    60,
    'Connections to the database that all pods of one pooler have together.',
    { minimum: 0 },
  ),
  connection_pooler_mode: pooler.key({
    kind: oneOf('session', 'transaction'),
    default: 'transaction',
    description: 'When a server connection is given back: at the end of the session or of the transaction.',
  }),
  connection_pooler_number_of_instances: pooler.count(2, 'How many pods a pooler has.', {
    minimum: 1,
    inResource: {
      zalando: '1 silently becomes 2',
      decision: 'The same, with a warning: a pooler that runs keeps its pods.',
      raisedTo: 2,
    },
  }),
  connection_pooler_pause_patience: pooler.period(
    5 * minute,
    'How long a step that takes a server from a pooler is put off because transactions through that pooler do not end; then they are cut. `0s`: at once.',
  ),
  connection_pooler_schema: pooler.words(
    'pooler',
    'Schema of the function with which the pooler looks up passwords.',
    { nonEmpty: true },
  ),
  connection_pooler_user: pooler.words('pooler', 'Role with which the pooler looks up passwords.', {
    nonEmpty: true,
  }),
};

import { array, boolean, int32, map, nullable, object, oneOf, required, string } from '../schema/node.ts';
import { cidrPattern, cronPattern, sizePattern, cpuPattern } from './patterns.ts';
import { resources } from './resources.ts';

function loadBalancer(service: string, key: string) {
  return boolean(`Whether the Service ${service} is a load balancer; without it the operator's \`${key}\`.`);
}

function nodePort(service: string, key: string) {
  return boolean(
    `Whether the Service ${service} is of type NodePort, which wins over a load balancer; without it the operator's \`${key}\`.`,
  );
}

function port(service: string, flag: string) {
  return int32(
    `Fixed node port of the Service ${service}, only together with \`${flag}\`. 0 lets Kubernetes choose.`,
    {
      minimum: 0,
      maximum: 65_535,
    },
  );
}

function annotations(description: string) {
  return map(description, string('Value of the annotation.'));
}

/** Members of `spec` that are about reaching the cluster. */
export const serviceMembers = {
  enableMasterLoadBalancer: loadBalancer('of the primary', 'enable_master_load_balancer'),
  enableReplicaLoadBalancer: loadBalancer('of the replicas', 'enable_replica_load_balancer'),
  enableMasterPoolerLoadBalancer: loadBalancer(
    "of the primary's pooler",
    'enable_master_pooler_load_balancer',
  ),
  enableReplicaPoolerLoadBalancer: loadBalancer(
    "of the replicas' pooler",
    'enable_replica_pooler_load_balancer',
  ),
  enableMasterNodePort: nodePort('of the primary', 'enable_master_node_port'),
  enableReplicaNodePort: nodePort('of the replicas', 'enable_replica_node_port'),
  enableMasterPoolerNodePort: nodePort("of the primary's pooler", 'enable_master_pooler_node_port'),
  enableReplicaPoolerNodePort: nodePort("of the replicas' pooler", 'enable_replica_pooler_node_port'),
  masterNodePort: port('of the primary', 'enableMasterNodePort'),
  replicaNodePort: port('of the replicas', 'enableReplicaNodePort'),
  masterPoolerNodePort: port("of the primary's pooler", 'enableMasterPoolerNodePort'),
  replicaPoolerNodePort: port("of the replicas' pooler", 'enableReplicaPoolerNodePort'),
  allowedSourceRanges: nullable(
    array(
      'Networks that may reach the load balancers. Without any, none but `127.0.0.1/32`.',
      string('Network in CIDR notation.', { pattern: cidrPattern }),
    ),
  ),
  serviceAnnotations: annotations('Annotations of all Services of the cluster.'),
  masterServiceAnnotations: annotations(
    'Annotations of the Services of the primary; they win over `serviceAnnotations`.',
  ),
  replicaServiceAnnotations: annotations(
    'Annotations of the Services of the replicas; they win over `serviceAnnotations`.',
  ),
};

/** Members of `spec` that are about connection pooling. */
export const poolerMembers = {
  enableConnectionPooler: boolean(
    'Whether the primary has a connection pooler. Without it, it has one if `connectionPooler` is there.',
  ),
  enableReplicaConnectionPooler: boolean('Whether the replicas have a connection pooler.'),
  connectionPooler: object(
    "The connection pooler; what is missing is the operator's `connection_pooler_*`.",
    {
      numberOfInstances: int32('How many pods the pooler has.', { minimum: 1 }),
      mode: oneOf(
        'When a server connection is given back: at the end of the session or of the transaction.',
        ['session', 'transaction'],
      ),
      schema: string('Schema of the function with which the pooler looks up passwords.'),
      user: string('Role with which the pooler looks up passwords.'),
      dockerImage: string('Image of the pooler.'),
      maxDBConnections: int32('Connections to the database that all pods of the pooler have together.', {
        minimum: 0,
      }),
      resources: resources('Requests and limits of each pod of the pooler.'),
    },
  ),
};

/** Members of `spec` that are about logical backups (pg_dump on a schedule). */
export const logicalBackupMembers = {
  enableLogicalBackup: boolean('Whether a scheduled job dumps the databases.'),
  logicalBackupSchedule: string(
    "Schedule of the job in cron's notation; without it the operator's `logical_backup_schedule`.",
    {
      pattern: cronPattern,
    },
  ),
  logicalBackupRetention: string(
    "How long dumps are kept, e.g. `2 week`; without it the operator's `logical_backup_s3_retention_time`.",
  ),
};

const stream = object('One stream of events out of a database.', {
  applicationId: required(
    string('Application that the stream belongs to; streams of one application are one resource.'),
  ),
  database: required(string('Database that the tables are in.')),
  tables: required(
    map(
      'Tables to stream from, by name.',
      object('One table.', {
        eventType: required(string('Type of the event that a row becomes.')),
        recoveryEventType: string('Type of the event for rows that could not be processed.'),
        ignoreRecovery: boolean('Whether rows that could not be processed are dropped.'),
        idColumn: string("Column with the event's id."),
        payloadColumn: string("Column with the event's content."),
      }),
    ),
  ),
  filter: map('JSONPath filters, by table.', string('JSONPath filter.')),
  batchSize: int32('How many events are sent at once.'),
  cpu: string('CPU of the stream.', { pattern: cpuPattern }),
  memory: string('Memory of the stream.', { pattern: sizePattern }),
  enableRecovery: boolean('Whether rows that could not be processed are sent again as recovery events.'),
});

/** `spec.streams` */
export const streamsMember = array('Streams of change events, as FabricEventStream resources.', stream);

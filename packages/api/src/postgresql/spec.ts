import { type Infer, array, int32, object, required, string } from '../schema/node.ts';
import { cloneSection, standbySection, tlsSection } from './bootstrap.ts';
import { oldMembers } from './old-fields.ts';
import { maintenanceWindowPattern } from './patterns.ts';
import { podMembers } from './pods.ts';
import { roleMembers } from './roles.ts';
import { patroniSection, postgresqlSection, volumeSection } from './server.ts';
import { logicalBackupMembers, poolerMembers, serviceMembers, streamsMember } from './services.ts';

/** `spec` of a `postgresql`: every field that a manifest may have, once. */
export const specNode = object('The PostgreSQL cluster that should exist.', {
  teamId: required(string('Team that owns the cluster; becomes the label `team`.')),
  numberOfInstances: required(
    int32(
      'Members of the cluster: one primary, the others replicas. 0 stops the cluster and keeps its volumes.',
      {
        minimum: 0,
      },
    ),
  ),
  postgresql: required(postgresqlSection),
  volume: required(volumeSection),
  patroni: patroniSection,
  ...roleMembers,
  ...podMembers,
  ...serviceMembers,
  ...poolerMembers,
  ...logicalBackupMembers,
  maintenanceWindows: array(
    "When disturbing work may be done, in UTC: `HH:MM-HH:MM` every day or `Sat:HH:MM-HH:MM`. Without any, the operator's `maintenance_windows`, else always.",
    string('One window; it cannot go past midnight.', { pattern: maintenanceWindowPattern }),
  ),
  clone: cloneSection,
  standby: standbySection,
  tls: tlsSection,
  streams: streamsMember,
  ...oldMembers,
});

/** `spec` of a `postgresql`. */
export type PostgresqlSpec = Infer<typeof specNode>;

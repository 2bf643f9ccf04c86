import type { Entry } from '../effect.ts';

/** Fields that say what the cluster is. */
export const basicFields: Record<string, Entry> = {
  'spec.teamId': {
    change: { spec: { teamId: 'other' } },
    differs: [
      'PodDisruptionBudget postgres-acid-demo-critical-op-pdb.metadata.labels.team',
      'PodDisruptionBudget postgres-acid-demo-pdb.metadata.labels.team',
      'Secret acid-demo-patroni-api.metadata.labels.team',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do.metadata.labels.team',
      'Secret postgres.acid-demo.credentials.postgresql.acid.zalan.do.metadata.labels.team',
      'Secret standby.acid-demo.credentials.postgresql.acid.zalan.do.metadata.labels.team',
      'Service acid-demo.metadata.labels.team',
      'Service acid-demo-repl.metadata.labels.team',
      'StatefulSet acid-demo.metadata.labels.team',
      'StatefulSet acid-demo.spec.template.metadata.labels.team',
      'StatefulSet acid-demo.spec.volumeClaimTemplates[0].metadata.labels.team',
    ],
  },
  'spec.numberOfInstances': {
    change: { spec: { numberOfInstances: 3 } },
    differs: ['StatefulSet acid-demo.spec.replicas'],
  },
  'spec.postgresql.version': {
    change: { spec: { postgresql: { version: '16' } } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PGVERSION].value'],
  },
  'spec.postgresql.parameters': {
    change: {
      spec: { postgresql: { version: '17', parameters: { shared_buffers: '32MB', max_connections: '50' } } },
    },
    differs: [
      'Patroni.postgresql',
      'StatefulSet acid-demo.spec.template.metadata.annotations.pgherd.dev/postgresql',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.postgresql',
    ],
  },
  'spec.volume.size': {
    change: { spec: { volume: { size: '2Gi' } } },
    differs: ['StatefulSet acid-demo.spec.volumeClaimTemplates[0].spec.resources.requests.storage'],
  },
  'spec.volume.storageClass': {
    change: { spec: { volume: { size: '1Gi', storageClass: 'fast' } } },
    differs: ['StatefulSet acid-demo.spec.volumeClaimTemplates[0].spec.storageClassName'],
  },
  'spec.volume.subPath': {
    change: { spec: { volume: { size: '1Gi', subPath: 'inside' } } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[pgdata].subPath'],
  },
  'spec.volume.isSubPathExpr': {
    given: { spec: { volume: { size: '1Gi', subPath: '$(POD_NAMESPACE)' } } },
    change: { spec: { volume: { size: '1Gi', subPath: '$(POD_NAMESPACE)', isSubPathExpr: true } } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[pgdata].subPath',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[pgdata].subPathExpr',
    ],
  },
  'spec.volume.selector': {
    change: { spec: { volume: { size: '1Gi', selector: { matchLabels: { disk: 'fast' } } } } },
    differs: ['StatefulSet acid-demo.spec.volumeClaimTemplates[0].spec.selector'],
  },
  'spec.volume.autoGrow.enabled': { shownBy: 'packages/operator/src/volumes/auto-grow.test.ts' },
  'spec.volume.autoGrow.threshold': { shownBy: 'packages/operator/src/volumes/auto-grow.test.ts' },
  'spec.volume.autoGrow.step': { shownBy: 'packages/operator/src/volumes/auto-grow.test.ts' },
  'spec.volume.autoGrow.max': { shownBy: 'packages/operator/src/volumes/auto-grow.test.ts' },
  'spec.volume.autoGrow.minInterval': { shownBy: 'packages/operator/src/volumes/auto-grow.test.ts' },
  'spec.volume.iops': { shownBy: 'packages/operator/src/plan/disks.test.ts' },
  'spec.volume.throughput': { shownBy: 'packages/operator/src/plan/disks.test.ts' },
  'spec.volume.type': { shownBy: 'packages/operator/src/plan/disks.test.ts' },
  'spec.maintenanceWindows': { shownBy: 'packages/operator/src/plan/maintenance.test.ts' },
  'spec.patroni.initdb': {
    change: { spec: { patroni: { initdb: { encoding: 'UTF8', 'data-checksums': 'true' } } } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.initdb[2]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.initdb[3]',
    ],
  },
  'spec.patroni.pg_hba': {
    change: { spec: { patroni: { pg_hba: ['hostssl all all all scram-sha-256'] } } },
    differs: ['StatefulSet acid-demo.spec.template.metadata.annotations.pgherd.dev/postgresql'],
  },
  'spec.patroni.ttl': {
    change: { spec: { patroni: { ttl: 20 } } },
    differs: [
      'Patroni.ttl',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.ttl',
    ],
  },
  'spec.patroni.loop_wait': {
    change: { spec: { patroni: { loop_wait: 5 } } },
    differs: [
      'Patroni.loop_wait',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.loop_wait',
    ],
  },
  'spec.patroni.retry_timeout': {
    change: { spec: { patroni: { retry_timeout: 5 } } },
    differs: [
      'Patroni.retry_timeout',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.retry_timeout',
    ],
  },
  'spec.patroni.maximum_lag_on_failover': {
    change: { spec: { patroni: { maximum_lag_on_failover: 33554432 } } },
    differs: [
      'Patroni.maximum_lag_on_failover',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.maximum_lag_on_failover',
    ],
  },
  'spec.patroni.slots': {
    change: { spec: { patroni: { slots: { cdc: { type: 'physical' } } } } },
    differs: [
      'Patroni.slots',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.slots',
    ],
  },
  'spec.patroni.synchronous_mode': {
    change: { spec: { patroni: { synchronous_mode: true } } },
    differs: [
      'Patroni.synchronous_mode',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.synchronous_mode',
    ],
  },
  'spec.patroni.synchronous_mode_quorum': {
    given: { spec: { patroni: { synchronous_mode: true } } },
    change: { spec: { patroni: { synchronous_mode: true, synchronous_mode_quorum: true } } },
    differs: [
      'Patroni.synchronous_mode',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.synchronous_mode',
    ],
  },
  'spec.patroni.synchronous_mode_strict': {
    given: { spec: { patroni: { synchronous_mode: true } } },
    change: { spec: { patroni: { synchronous_mode: true, synchronous_mode_strict: true } } },
    differs: [
      'Patroni.synchronous_mode_strict',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.synchronous_mode_strict',
    ],
  },
  'spec.patroni.synchronous_node_count': {
    given: { spec: { patroni: { synchronous_mode: true } } },
    change: { spec: { patroni: { synchronous_mode: true, synchronous_node_count: 2 } } },
    differs: [
      'Patroni.synchronous_node_count',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.synchronous_node_count',
    ],
  },
  'spec.patroni.failsafe_mode': {
    change: { spec: { patroni: { failsafe_mode: false } } },
    differs: [
      'Patroni.failsafe_mode',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.failsafe_mode',
    ],
  },
};

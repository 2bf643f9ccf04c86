import type { Entry } from '../effect.ts';

/** The operator's own process. */
export const processKeys: Record<string, Entry> = {
  debug_logging: { shownBy: 'packages/cli/src/operator/log.test.ts' },
  enable_database_access: {
    change: { configuration: { enable_database_access: 'false' } },
    differs: ['PostgreSQL'],
  },
  api_port: { shownBy: 'test/machine/operator-settings.test.ts' },
  cluster_history_entries: { shownBy: 'packages/operator/src/http/http.test.ts' },
  ring_log_lines: { shownBy: 'packages/operator/src/http/http.test.ts' },
  replica_rebuild_after: { shownBy: 'packages/operator/src/healing/rebuild.test.ts' },
  enable_fast_failover: {
    change: { configuration: { enable_fast_failover: 'false' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.primary_start_timeout',
    ],
  },
  fast_failover_sessions: { shownBy: 'test/machine/postgres-watch.test.ts' },
  fast_failover_restart_timeout: {
    change: { configuration: { fast_failover_restart_timeout: '8s' } },
    differs: [
      'Patroni.primary_start_timeout',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.primary_start_timeout',
    ],
  },
  enable_patroni_api_tls: {
    change: { configuration: { enable_patroni_api_tls: 'false' } },
    differs: [
      'Secret acid-demo-patroni-api',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[PATRONI_API_PASSWORD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.ctl',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.restapi',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[patroni-api]',
      'StatefulSet acid-demo.spec.template.spec.volumes[patroni-api]',
      'deletion delete secret acid-demo-patroni-api',
    ],
  },
  enable_patroni_failsafe_mode: {
    change: { configuration: { enable_patroni_failsafe_mode: 'false' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[SPILO_CONFIGURATION].value.bootstrap.dcs.failsafe_mode',
    ],
  },
};

import type { HostFacts } from './host-facts.ts';
import { deepMerge } from './merge.ts';
import { hostBasedLine, roleAsWord } from './people.ts';
import type { Mapping, Settings } from './settings.ts';

const MiB = 1024 * 1024;

/** Libraries that Spilo preloads; those that the image lacks are left out, or the server would not start. */
const preloadLibraries = [
  'bg_mon',
  'pg_stat_statements',
  'pgextwlist',
  'pg_auth_mon',
  'set_user',
  'timescaledb',
  'pg_cron',
  'pg_stat_kcache',
];

/** Extensions that owners of databases may install themselves, by pgextwlist: those of Spilo. */
const allowedExtensions =
  'btree_gin,btree_gist,citext,extra_window_functions,first_last_agg,hll,hstore,hypopg,intarray,ltree,pgcrypto,pgq,' +
  'pgq_node,pg_partman,pg_trgm,postgres_fdw,roaringbitmap,tablefunc,timescaledb,uuid-ossp,vector';

const socketDirectory = (paths: Settings['paths']): string => `${paths.run}/postgresql`;

/** Plugins for logical decoding that servers from 17.11 on load only when they are named. */
const outputPlugins = ['pgoutput', 'test_decoding', 'wal2json', 'decoderbufs', 'pglogical_output'];

/** Parameters that every member shares, kept in the configuration store. */
function sharedParameters({ paths }: Settings, facts: HostFacts): Mapping {
  const connections = Math.floor(facts.memory.bytes / (30 * MiB));
  return {
    // Nothing is archived yet; `on` with a no-op command lets archiving be turned on without a restart.
    archive_mode: 'on',
    archive_timeout: '1800s',
    wal_level: 'hot_standby',
    wal_log_hints: 'on',
    wal_compression: 'on',
    max_wal_senders: 10,
    max_connections: Math.min(Math.max(connections, 100), 1000),
    max_replication_slots: 10,
    // With the usual 5 s a replica whose first try to follow a new primary comes too early would be missing for so long, and with it every
    // commit that waits for a synchronous one.
    wal_retrieve_retry_interval: '1s',
    hot_standby: 'on',
    tcp_keepalives_idle: 900,
    tcp_keepalives_interval: 100,
    log_line_prefix: '%t [%p]: [%l-1] %c %x %d %u %a %h ',
    log_checkpoints: 'on',
    log_lock_waits: 'on',
    log_min_duration_statement: 500,
    log_autovacuum_min_duration: 0,
    log_connections: 'on',
    log_disconnections: 'on',
    log_statement: 'ddl',
    log_temp_files: 0,
    track_functions: 'all',
    checkpoint_completion_target: 0.9,
    autovacuum_max_workers: 5,
    autovacuum_vacuum_scale_factor: 0.05,
    autovacuum_analyze_scale_factor: 0.02,
    // Patroni leaves it out for a server that does not know it.
    output_plugin_libraries: outputPlugins.filter((name) => facts.hasLibrary(name)).join(','),
    // Over the socket no job needs a password. Not a parameter of the member, because there a manifest could not change it.
    ...(facts.hasLibrary('pg_cron') ? { 'cron.host': socketDirectory(paths) } : {}),
  };
}

/**
 * One fifth of the memory limit, as Spilo does. Without a limit that would be a fifth of the whole host for each
 * member, so there it is at most 512 MiB.
 */
function sharedBuffers(memory: HostFacts['memory']): string {
  const fifth = Math.floor(memory.bytes / MiB / 5);
  return `${memory.limited ? fifth : Math.min(fifth, 512)}MB`;
}

/** Parameters of this member only. */
function localParameters(settings: Settings, facts: HostFacts): Mapping {
  const { tls, paths } = settings;
  return {
    archive_command: '/bin/true',
    shared_buffers: sharedBuffers(facts.memory),
    logging_collector: 'on',
    log_destination: 'csvlog',
    log_directory: paths.log,
    log_filename: 'postgresql-%u.log',
    log_file_mode: '0644',
    log_rotation_age: '1d',
    log_truncate_on_rotation: 'on',
    ssl: 'on',
    ...(tls.caFile ? { ssl_ca_file: tls.caFile } : {}),
    ...(tls.crlFile ? { ssl_crl_file: tls.crlFile } : {}),
    ssl_cert_file: tls.certificateFile,
    ssl_key_file: tls.privateKeyFile,
    shared_preload_libraries: preloadLibraries.join(','),
    'bg_mon.listen_address': '0.0.0.0',
    'bg_mon.history_buckets': 120,
    'pg_stat_statements.track_utility': 'off',
    'extwlist.extensions': allowedExtensions,
    'extwlist.custom_path': '/scripts',
  };
}

function hostBasedAuthentication(settings: Settings): string[] {
  const { people } = settings;
  return [
    'local   all             all                                   trust',
    ...hostBasedLine(people, '127.0.0.1/32'),
    'host    all             all                127.0.0.1/32       md5',
    ...hostBasedLine(people, '::1/128'),
    'host    all             all                ::1/128            md5',
    `local   replication     ${settings.standby.username}                    trust`,
    `hostssl replication     ${settings.standby.username} all                md5`,
    ...(settings.allowPlainConnections
      ? []
      : ['hostnossl all           all                all                reject']),
    ...hostBasedLine(people, 'all'),
    `${settings.allowPlainConnections ? 'host   ' : 'hostssl'} all             all                all                md5`,
  ];
}

function bootstrap(settings: Settings, facts: HostFacts): Mapping {
  const { clone } = settings;
  return {
    post_init: `/scripts/post_init.sh ${roleAsWord(settings.people)}`,
    dcs: {
      ...(settings.standbyCluster ? { standby_cluster: settings.standbyCluster } : {}),
      ttl: 30,
      loop_wait: 10,
      retry_timeout: 10,
      maximum_lag_on_failover: 33554432,
      postgresql: { use_pg_rewind: true, use_slots: true, parameters: sharedParameters(settings, facts) },
    },
    initdb: [{ encoding: 'UTF8' }, { locale: `${settings.initdbLocale}.UTF-8` }, 'data-checksums'],
    ...(clone
      ? {
          method: 'clone_with_basebackup',
          clone_with_basebackup: {
            command: '/scripts/clone_with_basebackup.sh',
            recovery_conf: { recovery_target_timeline: 'latest' },
          },
        }
      : {}),
  };
}

/** Drops libraries that the server could not load and settings of extensions that are not there. */
function withoutMissingLibraries(
  parameters: Mapping,
  facts: HostFacts,
): { parameters: Mapping; dropped: string[] } {
  const libraries = parameters['shared_preload_libraries'];
  const wanted = (typeof libraries === 'string' ? libraries : '')
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '');
  const dropped = wanted.filter((name) => !facts.hasLibrary(name));
  const kept = wanted.filter((name) => facts.hasLibrary(name));
  const prefixOf: Record<string, string> = { pgextwlist: 'extwlist.', pg_cron: 'cron.' };
  const gone = dropped.map((name) => prefixOf[name] ?? `${name}.`);
  const entries = Object.entries(parameters).filter(
    ([key]) => !gone.some((prefix) => key.startsWith(prefix)),
  );
  return {
    parameters: { ...Object.fromEntries(entries), shared_preload_libraries: kept.join(',') },
    dropped,
  };
}

/** The generated configuration, before the user's. */
function generated(settings: Settings, facts: HostFacts): Mapping {
  const { paths, podIp } = settings;
  return {
    scope: settings.scope,
    name: settings.memberName,
    ...(settings.namespace !== 'default' ? { namespace: settings.namespace } : {}),
    bootstrap: bootstrap(settings, facts),
    restapi: { listen: `:${settings.restApiPort}`, connect_address: `${podIp}:${settings.restApiPort}` },
    kubernetes: {
      ...settings.kubernetes,
      ...(settings.useConfigMaps
        ? {}
        : { use_endpoints: true, pod_ip: podIp, ports: [{ port: 5432, name: 'postgresql' }] }),
    },
    postgresql: {
      listen: `*:${settings.postgresPort}`,
      connect_address: `${podIp}:${settings.postgresPort}`,
      data_dir: paths.data,
      bin_dir: facts.binDir,
      pgpass: `${paths.run}/postgresql/pgpass`,
      use_unix_socket: true,
      use_unix_socket_repl: true,
      parameters: { unix_socket_directories: socketDirectory(paths), ...localParameters(settings, facts) },
      pg_hba: hostBasedAuthentication(settings),
      authentication: { superuser: settings.superuser, replication: settings.standby },
      callbacks: { on_role_change: `/scripts/on_role_change.sh ${roleAsWord(settings.people)} true` },
      create_replica_methods: ['basebackup'],
      // A spread checkpoint would keep a new replica waiting for minutes before it copies the first byte.
      basebackup: [{ checkpoint: 'fast' }],
    },
    // Containers have no watchdog device; saying so avoids a warning at every start.
    watchdog: { mode: 'off' },
  };
}

/** Patroni's configuration file, and what had to be left out of it. */
export function patroniConfiguration(
  settings: Settings,
  facts: HostFacts,
): { configuration: Mapping; warnings: string[] } {
  const configuration = deepMerge(generated(settings, facts), settings.override);
  const postgresql = configuration['postgresql'] as Mapping;
  const { parameters, dropped } = withoutMissingLibraries((postgresql['parameters'] ?? {}) as Mapping, facts);
  postgresql['parameters'] = parameters;
  const asked = (settings.override['postgresql'] as { parameters?: Mapping } | undefined)?.parameters;
  return {
    configuration,
    warnings:
      asked?.['shared_preload_libraries'] !== undefined && dropped.length > 0
        ? [`shared_preload_libraries: left out ${dropped.join(', ')}, which this image does not have`]
        : [],
  };
}

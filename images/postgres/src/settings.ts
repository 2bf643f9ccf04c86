import { parse } from 'yaml';
import { parsePeople, type People } from './people.ts';

/** A YAML mapping of Patroni's configuration. */
export type Mapping = { [key: string]: unknown };

/** A start that cannot go on: bad or missing environment. Its text becomes the termination message. */
export class SettingsError extends Error {
  constructor(variable: string, problem: string, remedy: string) {
    super(`${variable}: ${problem}; ${remedy}`);
    this.name = 'SettingsError';
  }
}

/** Where the image keeps things. Spilo's paths, because sidecars and scripts rely on them. */
export interface Paths {
  /** Home of the user `postgres`. */
  home: string;
  /** Parent of the data directory on the volume. */
  root: string;
  /** PostgreSQL's data directory. */
  data: string;
  /** CSV server logs. */
  log: string;
  /** Writable directory that does not outlive the container. */
  run: string;
}

export interface Credentials {
  username: string;
  password: string;
}

export interface Tls {
  certificateFile: string;
  privateKeyFile: string;
  caFile: string;
  crlFile: string;
  /** No certificate was given: make a self-signed one at start. */
  selfSigned: boolean;
}

/** Source of a `pg_basebackup` clone: another running cluster. */
export interface CloneSource {
  scope: string;
  host: string;
  port: number;
  user: string;
  password: string;
}

/** Spilo's environment contract, parsed: everything that the image acts on. */
export interface Settings {
  scope: string;
  memberName: string;
  podIp: string;
  namespace: string;
  paths: Paths;
  /** Wanted major version; `PG_VERSION` of an existing data directory wins over it. */
  version: string | undefined;
  postgresPort: number;
  restApiPort: number;
  superuser: Credentials;
  standby: Credentials;
  people: People;
  initdbLocale: string;
  allowPlainConnections: boolean;
  tls: Tls;
  kubernetes: Mapping & { labels: Mapping };
  useConfigMaps: boolean;
  clone: CloneSource | undefined;
  standbyCluster: Mapping | undefined;
  /** Merged over the generated configuration: mappings merge, everything else replaces. */
  override: Mapping;
  /** What was asked for and is not done, one sentence each. */
  warnings: string[];
}

type Environment = Record<string, string | undefined>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mapping(environment: Environment, variable: string): Mapping {
  const text = environment[variable];
  if (!text) return {};
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SettingsError(variable, `is not YAML or JSON (${problem})`, 'correct its syntax');
  }
  if (value === null) return {};
  if (!isMapping(value)) throw new SettingsError(variable, 'is not a mapping', 'write it as {"key": value}');
  return value;
}

function port(environment: Environment, variable: string, fallback: number): number {
  const text = environment[variable];
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new SettingsError(variable, `"${text}" is not a port`, 'give a number from 1 to 65535');
  }
  return value;
}

function required(environment: Environment, variable: string, remedy: string): string {
  const value = environment[variable];
  if (!value) throw new SettingsError(variable, 'is not set', remedy);
  return value;
}

/** Environment variables of the Kubernetes section that are not passed on under their own name. */
const kubernetesOwnNames = new Set([
  'KUBERNETES_USE_CONFIGMAPS',
  'KUBERNETES_LABELS',
  'KUBERNETES_BOOTSTRAP_LABELS',
  'KUBERNETES_SERVICE_HOST',
]);

/** Patroni's `kubernetes:` section: every `KUBERNETES_x` becomes key `x`, as in Spilo. */
function kubernetesSection(environment: Environment): Settings['kubernetes'] {
  const section: Mapping = {
    scope_label: 'version',
    role_label: 'spilo-role',
    leader_label_value: 'master',
    standby_leader_label_value: 'master',
    bypass_api_service: true,
  };
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('KUBERNETES_') || kubernetesOwnNames.has(variable)) continue;
    // Service links and in-cluster discovery use the same prefix.
    if (/^KUBERNETES_(SERVICE|PORT)/.test(variable) || value === undefined || value === '') continue;
    section[variable.slice('KUBERNETES_'.length).toLowerCase()] = parse(value);
  }
  const labels = environment['KUBERNETES_LABELS'] ? mapping(environment, 'KUBERNETES_LABELS') : {};
  const bootstrapLabels = mapping(environment, 'KUBERNETES_BOOTSTRAP_LABELS');
  return {
    ...section,
    labels: Object.keys(labels).length > 0 ? labels : { application: 'spilo' },
    ...(Object.keys(bootstrapLabels).length > 0 ? { bootstrap_labels: bootstrapLabels } : {}),
  };
}

function tlsSettings(environment: Environment, run: string): Tls {
  const given = environment['SSL_PRIVATE_KEY_FILE'];
  return {
    certificateFile: environment['SSL_CERTIFICATE_FILE'] || `${run}/certs/server.crt`,
    privateKeyFile: given || `${run}/certs/server.key`,
    caFile: environment['SSL_CA_FILE'] ?? '',
    crlFile: environment['SSL_CRL_FILE'] ?? '',
    selfSigned: !given,
  };
}

function cloneSource(environment: Environment): CloneSource | undefined {
  const method = environment['CLONE_METHOD'];
  if (!method) return undefined;
  if (method !== 'CLONE_WITH_BASEBACKUP') {
    // Starting empty instead would look like success and lose the data that was asked for.
    throw new SettingsError(
      'CLONE_METHOD',
      `${method} needs a WAL archive, which this image cannot read yet`,
      'clone from a running cluster (leave out clone.timestamp) or use an image with WAL-G',
    );
  }
  return {
    scope: required(environment, 'CLONE_SCOPE', 'name the cluster to clone'),
    host: required(environment, 'CLONE_HOST', 'name the host to clone from'),
    port: port(environment, 'CLONE_PORT', 5432),
    user: required(environment, 'CLONE_USER', 'name a replication user of the source'),
    password: required(environment, 'CLONE_PASSWORD', 'give the password of CLONE_USER'),
  };
}

function standbyCluster(environment: Environment): Mapping | undefined {
  const archive = Object.keys(environment).find((name) => /^STANDBY_(WALE|WALG|WAL|METHOD|WITH)/.test(name));
  if (archive !== undefined && !environment['STANDBY_HOST']) {
    throw new SettingsError(
      archive,
      'asks for a standby fed from a WAL archive, which this image cannot read yet',
      'set STANDBY_HOST to stream from a server',
    );
  }
  if (!environment['STANDBY_HOST']) return undefined;
  return {
    host: environment['STANDBY_HOST'],
    ...(environment['STANDBY_PORT'] ? { port: port(environment, 'STANDBY_PORT', 5432) } : {}),
    ...(environment['STANDBY_PRIMARY_SLOT_NAME']
      ? { primary_slot_name: environment['STANDBY_PRIMARY_SLOT_NAME'] }
      : {}),
  };
}

/** Families of variables that Spilo acts on and this image does not; their presence is worth a warning. */
const notActedOn: [RegExp, string][] = [
  [
    /^(WAL_S3_BUCKET|WAL_GS_BUCKET|WAL_GCS_BUCKET|WAL_SWIFT_BUCKET|WALE_\w+_PREFIX|WALG_\w+_PREFIX)$/,
    'WAL is not archived',
  ],
  [/^LOG_S3_BUCKET$/, 'server logs are not shipped'],
  [/^CRONTAB$/, 'no cron jobs run'],
  [/^(PGBOUNCER_CONFIGURATION|PGBOUNCER_AUTHENTICATION|PGBOUNCER_AUTH)$/, 'no pooler runs inside the pod'],
  [/^ENABLE_PG_MON$/, 'pg_mon is not in this image'],
  [/^SSL_RESTAPI_/, "Patroni's REST API stays on plain HTTP"],
];

function warningsOf(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([variable, value]) => {
    const row = value ? notActedOn.find(([pattern]) => pattern.test(variable)) : undefined;
    return row ? [`${variable} is set, but ${row[1]} (not supported by this image yet)`] : [];
  });
}

/**
 * Reads Spilo's environment variables.
 * @throws SettingsError when the container cannot be started with them
 */
export function parseSettings(environment: Environment): Settings {
  if (!environment['DCS_ENABLE_KUBERNETES_API']) {
    throw new SettingsError(
      'DCS_ENABLE_KUBERNETES_API',
      'is not set, and Kubernetes is the only configuration store in this image',
      'set it to "true" and leave ETCD_HOST and its like unset',
    );
  }
  const home = environment['PGHOME'] || '/home/postgres';
  const run = environment['RW_DIR'] || '/run';
  const people = parsePeople(environment);
  const root = environment['PGROOT'] || `${home}/pgdata/pgroot`;
  return {
    scope: required(environment, 'SCOPE', 'set it to the name of the cluster'),
    memberName: required(environment, 'HOSTNAME', 'set it to the name of the pod'),
    podIp: required(environment, 'POD_IP', 'set it from the field status.podIP'),
    namespace: environment['NAMESPACE'] || environment['POD_NAMESPACE'] || 'default',
    paths: {
      home,
      root,
      data: environment['PGDATA'] || `${root}/data`,
      log: environment['PGLOG'] || `${root}/pg_log`,
      run,
    },
    version: environment['PGVERSION'] || undefined,
    postgresPort: port(environment, 'PGPORT', 5432),
    restApiPort: port(environment, 'APIPORT', 8008),
    superuser: {
      username: environment['PGUSER_SUPERUSER'] || 'postgres',
      password: required(environment, 'PGPASSWORD_SUPERUSER', 'set it from the Secret of the superuser'),
    },
    standby: {
      username: environment['PGUSER_STANDBY'] || 'standby',
      password: required(environment, 'PGPASSWORD_STANDBY', 'set it from the Secret of the replication user'),
    },
    people,
    initdbLocale: environment['INITDB_LOCALE'] || 'en_US',
    allowPlainConnections: Boolean(environment['ALLOW_NOSSL']),
    tls: tlsSettings(environment, run),
    kubernetes: kubernetesSection(environment),
    useConfigMaps: Boolean(environment['KUBERNETES_USE_CONFIGMAPS']),
    clone: cloneSource(environment),
    standbyCluster: standbyCluster(environment),
    override: environment['SPILO_CONFIGURATION']
      ? mapping(environment, 'SPILO_CONFIGURATION')
      : mapping(environment, 'PATRONI_CONFIGURATION'),
    warnings: [...warningsOf(environment), ...people.warnings],
  };
}

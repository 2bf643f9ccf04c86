import { boolean, core, int32, int64, map, array, object, oneOf, required, string } from '../schema/node.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { shareOrSizePattern, shortDurationPattern, sizePattern, stepPattern } from './patterns.ts';

/** Major versions of PostgreSQL that a manifest may ask for. */
export const postgresVersions = ['14', '15', '16', '17', '18'] as const;

/** `spec.postgresql` */
export const postgresqlSection = object('The PostgreSQL server: its major version and its parameters.', {
  version: required(
    oneOf('Major version of PostgreSQL. Raising it asks for a major version upgrade.', postgresVersions),
  ),
  parameters: map(
    'PostgreSQL parameters, as in postgresql.conf; every value is written as a string.',
    string('Value of the parameter.'),
  ),
});

/** `spec.volume.autoGrow` */
const autoGrowSection = object(
  'Growth before the volume is full. All members grow together, and never shrink again.',
  {
    enabled: boolean('Whether the volumes grow by themselves.'),
    threshold: string(
      'When: from this percentage used on (`80%`), or when no more than this amount is free (`5Gi`); 80% by default.',
      { pattern: shareOrSizePattern },
    ),
    step: string('By how much at a time: a percentage (`20%`) or an amount (`10Gi`); 20% by default.', {
      pattern: stepPattern,
    }),
    max: string('The size at which growth ends; must be given when it is enabled.', { pattern: sizePattern }),
    minInterval: string(
      "Shortest time between two growths, e.g. `6h` (Amazon's disks can be changed four times a day); 10m by default.",
      { pattern: shortDurationPattern },
    ),
  },
);

/** `spec.volume` */
export const volumeSection = object('The data volume that every member of the cluster has of its own.', {
  size: required(string('Size of the volume. It can grow but never shrink.', { pattern: sizePattern })),
  storageClass: string(
    "Storage class of the volume; without it the Kubernetes cluster's default storage class.",
  ),
  subPath: string('Directory of the volume to mount instead of its root.'),
  isSubPathExpr: boolean('Whether `subPath` contains references to environment variables to be expanded.'),
  selector: core<LabelSelector>('LabelSelector', 'Which existing volumes may be bound, by their labels.'),
  iops: int32(
    'Operations a second of the disk, for types that let one choose, from 3000 on (`storage_resize_mode: mixed`).',
    {
      maximum: 80_000,
    },
  ),
  throughput: int32(
    'Throughput of the disk in MiB a second, for types that let one choose, from 125 on (`storage_resize_mode: mixed`).',
    {
      maximum: 2000,
    },
  ),
  type: string("Type of Amazon's disk, e.g. `gp3` (`storage_resize_mode: mixed`)."),
  autoGrow: autoGrowSection,
});

/** `spec.patroni`; the names are Patroni's own. */
export const patroniSection = object(
  'Settings of Patroni. What is left out keeps the value that Patroni has.',
  {
    initdb: map(
      'Options of initdb for a new cluster, without the leading dashes; `"true"` for options without a value.',
      string('Value of the option.'),
    ),
    pg_hba: array(
      'Lines of pg_hba.conf. If given, they replace the whole file.',
      string('One line of pg_hba.conf.'),
    ),
    ttl: int32('Seconds after which a leader that does not renew its lock has lost it. 0 means unset.', {
      minimum: 0,
    }),
    loop_wait: int32("Seconds between two runs of Patroni's main loop. 0 means unset.", { minimum: 0 }),
    retry_timeout: int32(
      'Seconds for which Patroni retries failing calls to Kubernetes and PostgreSQL before the leader steps down. 0 means unset.',
      { minimum: 0 },
    ),
    maximum_lag_on_failover: int64(
      'Bytes that a replica may lag behind and still take part in the race for leader. 0 means unset.',
      { minimum: 0 },
    ),
    slots: map(
      'Permanent replication slots, by name.',
      map('Properties of the slot: `type`, `database`, `plugin`.', string('Value of the property.')),
    ),
    synchronous_mode: boolean('Whether a commit waits for a synchronous replica.'),
    synchronous_mode_quorum: boolean(
      'With `synchronous_mode`: a commit waits for any `synchronous_node_count` of the replicas, whichever is fastest, instead of certain ones (`synchronous_mode: quorum` of Patroni, from its version 4 on).',
    ),
    synchronous_mode_strict: boolean(
      'Whether the primary refuses to commit, rather than go on alone, when no synchronous replica is left.',
    ),
    synchronous_node_count: int32('How many replicas are synchronous. 0 means unset.', { minimum: 0 }),
    failsafe_mode: boolean(
      "Whether the primary keeps running while Kubernetes' API is away, as long as it reaches all other members.",
    ),
  },
);

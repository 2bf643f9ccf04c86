import {
  type Infer,
  array,
  boolean,
  int32,
  int64,
  listMap,
  object,
  oneOf,
  required,
  string,
} from '../schema/node.ts';

/** The words that `.status.PostgresClusterStatus` has, as in Zalando's operator; `''` before the first pass. */
export type PostgresClusterStatus =
  | ''
  | 'Creating'
  | 'Updating'
  | 'UpdateFailed'
  | 'SyncFailed'
  | 'CreateFailed'
  | 'Running'
  | 'Invalid';

const condition = object("One aspect of the state, in the form of Kubernetes' own conditions.", {
  type: required(string('Which aspect, e.g. `Ready`.')),
  status: required(oneOf('Whether it holds.', ['True', 'False', 'Unknown'])),
  reason: required(string('Why, in one word for machines.')),
  message: required(string('Why, and what to do, for people.')),
  lastTransitionTime: required(string('When `status` last changed.', { format: 'date-time' })),
  observedGeneration: int64('Generation of the manifest that it is about.'),
});

/** `status.conditions` of any resource. */
export const conditionsNode = listMap('The state in detail.', ['type'], condition);

const member = object('One member of the cluster, as Patroni reports it.', {
  name: required(string('Name of the pod.')),
  role: string('`primary`, `replica`, `standby_leader` …; missing while Patroni does not say.'),
  state: string('`running`, `streaming`, `starting`, `crashed` …; missing while Patroni does not say.'),
  timeline: int64('Timeline of PostgreSQL that the member is on.'),
  lagBytes: int64(
    'How far a replica is behind the primary, roughly: 0 below 16 MiB, beyond that in whole MiB; written again when it has doubled or halved, and for that alone once a minute.',
  ),
  pendingRestart: boolean('Whether a changed parameter waits for a restart.'),
});

const step = object('One thing that is left to do.', {
  what: required(string('What, e.g. `replace pod acid-demo-1`.')),
  why: array('Reasons, most of them field changes.', string('One reason.')),
  disturbs: string(
    'How much users of the database notice: `nothing`, `reload`, `restart`, `switchover`, `downtime`.',
  ),
  waitFor: string('What must come true before it is done; missing for what is done now.'),
});

const scheduled = object('Something that somebody asked Patroni to do later.', {
  what: required(string('What, e.g. `switchover from acid-demo-0 to acid-demo-1`.')),
  at: required(string('When, with its zone.', { format: 'date-time' })),
});

const volume = object('The data volume of one member, roughly; `pgherd df` looks at it.', {
  claim: required(string('Name of its claim.')),
  usedPercent: required(int32('How much of it is used; written again when it is five points more or less.')),
  growthBytesPerDay: int64(
    'By how much it fills each day, as far as the operator has seen since its start; missing for too few samples.',
  ),
  fullAt: string('When it is full, if that goes on; missing when it does not within ten years.', {
    format: 'date-time',
  }),
});

const lastError = object('What is wrong.', {
  reason: required(string('Kind of trouble, in one word for machines, e.g. `ImagePull`.')),
  message: required(string('What is wrong, where, and what to do, in one sentence.')),
  since: required(string('Since when it is wrong in this way.', { format: 'date-time' })),
});

/** `status` of a `postgresql`. */
export const statusNode = object('What the operator saw and did last.', {
  PostgresClusterStatus: string(
    'State in one word: `Creating`, `Updating`, `Running`, `CreateFailed`, `UpdateFailed`, `SyncFailed`, `Invalid`.',
  ),
  observedGeneration: int64('Generation of the manifest that the rest of the status is about.'),
  conditions: conditionsNode,
  instances: int32('Members that there should be, after limits were applied.'),
  readyInstances: int32('Members that run and follow the primary, the primary included.'),
  primary: string('Pod that is primary.'),
  members: array('The members of the cluster.', member),
  volumes: array('The data volumes, as far as they were looked at.', volume),
  steps: array('What is left to do, in order; the first 20 steps. Missing when there is nothing.', step),
  stepsLeft: int32('How many steps are left, those included that are not in `steps`.'),
  origin: object(
    'What the cluster is made from, as of the last time that nothing was left to replace: a new version of the operator alone restarts nothing.',
    {
      version: required(string('Version of the operator.')),
      inputs: required(
        string('Fingerprint of the manifest and of what is written in the operator’s configuration.'),
      ),
    },
  ),
  scheduled: array('What Patroni does later because somebody asked for it; missing when nothing.', scheduled),
  lastError,
  image: string('Image of the database container, as the StatefulSet has it.'),
  store: string('Where Patroni keeps its state: `endpoints` or `configmaps` of Kubernetes, or `etcd`.'),
});

/** One entry of `status.conditions`. */
export type Condition = Infer<typeof condition>;

/** One entry of `status.members`. */
export type MemberStatus = Infer<typeof member>;

/** One entry of `status.volumes`. */
export type VolumeStatus = Infer<typeof volume>;

/** One entry of `status.steps`. */
export type StepStatus = Infer<typeof step>;

/** One entry of `status.scheduled`. */
export type ScheduledStatus = Infer<typeof scheduled>;

/** `status.lastError`. */
export type LastError = Infer<typeof lastError>;

/** `status` of a `postgresql`. */
export type PostgresqlStatus = Infer<typeof statusNode>;

/** The status of an object as read from Kubernetes; very old objects have a bare word instead of an object. */
export function readStatus(status: unknown): PostgresqlStatus {
  if (typeof status === 'string') return { PostgresClusterStatus: status };
  return typeof status === 'object' && status !== null ? status : {};
}

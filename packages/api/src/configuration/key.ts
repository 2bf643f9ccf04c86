import { type ValueKind, boolean, duration, integer, optional, text } from './value.ts';
import { cpu, memory } from './words.ts';

/** Groups of the `OperatorConfiguration`, in its order, with what they are about; `''` is the top level. */
export const groups = {
  '': 'What is about no part of a cluster in particular.',
  users: 'System roles and rotation of passwords.',
  major_version_upgrade: 'Upgrades to another major version of PostgreSQL.',
  kubernetes: 'Objects of Kubernetes, and the pods above all.',
  postgres_pod_resources: 'Requests and limits of the database container.',
  timeouts: 'How long the operator waits for what.',
  load_balancer: 'Services: types, annotations and names in DNS.',
  aws_or_gcp: 'What the clouds need: archives of the write-ahead log, credentials.',
  logical_backup: 'Jobs that dump databases on a schedule.',
  debug: 'Finding out what is wrong.',
  teams_api: 'People: teams, their roles and how they log in.',
  logging_rest_api: "The operator's HTTP server.",
  scalyr: 'The log shipper of Scalyr beside the database container.',
  connection_pooler: 'Connection poolers.',
  patroni: 'Patroni.',
} as const;

/** Name of a group. */
export type Group = keyof typeof groups;

/** One setting of the operator. */
export interface Key<T> {
  /** Group in the `OperatorConfiguration` resource; `''` is the top level. */
  group: Group;
  kind: ValueKind<T>;
  default: T;
  /** What it does. */
  description: string;
  /** Of a number that needs one, e.g. `days`. */
  unit?: string;
  /** Smallest and largest number allowed. */
  minimum?: number;
  maximum?: number;
  /** An empty text is an error. */
  nonEmpty?: true;
  /** The value is a credential: it is in no message, log or answer. */
  secret?: true;
  /** The operator does not act on it yet; setting it to anything but its default gives a warning. */
  notYet?: true;
  /** Nothing comes of it, now and later; it is only understood because configurations have it: why. */
  noEffect?: string;
  /** It is acted on, and something else should be used: what to do instead. */
  deprecated?: string;
  /** Where pgherd's default differs from Zalando's: theirs (as they write it), and why ours is another. */
  differs?: { zalando: string; why: string };
  /** Where Zalando's operator does something else in the `OperatorConfiguration` form than in the ConfigMap. */
  inResource?: {
    /** What applies there if the setting is left out, or what else is done with it. */
    zalando: string;
    /** What pgherd does, and why. */
    decision: string;
    /** Default in that form; absent: the same in both. */
    default?: T;
    /** Smaller numbers become this one, with a warning. */
    raisedTo?: number;
  };
}

type More<T> = Partial<Omit<Key<T>, 'group' | 'kind' | 'default' | 'description'>>;

/** For settings that the operator does not act on yet. */
export const notYet = { notYet: true } as const;

/** Short ways to define the settings of one group. */
export function inGroup(group: Group) {
  /** Fixes the value's type where the default alone would be too narrow. */
  const key = <T>(definition: Omit<Key<T>, 'group'>): Key<T> => ({ group, ...definition });
  return {
    key,
    flag: (value: boolean, description: string, more: More<boolean> = {}): Key<boolean> =>
      key({ kind: boolean, default: value, description, ...more }),
    words: (value: string, description: string, more: More<string> = {}): Key<string> =>
      key({ kind: text, default: value, description, ...more }),
    count: (value: number, description: string, more: More<number> = {}): Key<number> =>
      key({ kind: integer, default: value, description, ...more }),
    /** Milliseconds. */
    period: (value: number, description: string, more: More<number> = {}): Key<number> =>
      key({ kind: duration, default: value, description, ...more }),
    /** Amounts without a default. */
    cpu: (description: string, more: More<string | undefined> = {}): Key<string | undefined> =>
      key({ kind: optional(cpu), default: undefined, description, ...more }),
    memory: (description: string, more: More<string | undefined> = {}): Key<string | undefined> =>
      key({ kind: optional(memory), default: undefined, description, ...more }),
  };
}

/** Milliseconds. */
export const second = 1000;
export const minute = 60 * second;

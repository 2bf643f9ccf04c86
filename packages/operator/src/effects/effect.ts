import type { Postgresql, PostgresTeamSpec } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Kind } from '../kinds.ts';

/** What somebody wrote: parts of a manifest, and of the operator's configuration. */
export interface Written {
  /** Members of `spec`, which replace those of the test manifest; `undefined` takes one away. */
  spec?: Partial<Postgresql['spec']> & Record<string, unknown>;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  /** As in the ConfigMap: flat keys, all text. */
  configuration?: Record<string, string>;
  /** Members of teams, as the Teams API would answer; it knows no others. Absent: there is none, and nobody looks. */
  teams?: Record<string, string[]>;
  postgresTeam?: PostgresTeamSpec;
  /** Objects of other people that the cluster refers to. */
  objects?: { kind: Kind; object: KubeObject }[];
}

/** One field or key at work: two renderings, and where exactly they differ. */
export interface Effect {
  /** In both renderings, on top of the test manifest and the default configuration. */
  given?: Written;
  /** In the second one only. */
  change: Written;
  /** Every path that differs, e.g. `StatefulSet acid-demo spec.replicas`. */
  differs: string[];
}

/** What the registry says about a field or a key. */
export type Entry =
  | Effect
  /** It shapes the operator's process instead of a cluster: the test, from the project's root, that shows it at work. */
  | { shownBy: string }
  /** It is read and checked, and not acted on yet: that is what `packages/api` says about it too. */
  | 'not yet'
  /** Nothing ever comes of it: it is only read so that configurations with it are understood. */
  | 'no effect';

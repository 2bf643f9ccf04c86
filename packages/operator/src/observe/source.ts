import type { KubeObject, Node, PersistentVolume } from '@pgherd/kube/objects';
import type { Kind } from '../kinds.ts';
import type { Infrastructure } from './infrastructure-roles.ts';

/** Where observed objects come from: watch caches, or lists of an API server. Answers at once. */
export interface ObjectSource {
  get(kind: Kind, namespace: string, name: string): KubeObject | undefined;
  /** Objects that carry the cluster's labels, also those of its pooler, its backup, and Secrets in other namespaces. */
  ofCluster(kind: Kind, namespace: string, cluster: string): KubeObject[];
  /** The roles that every cluster gets. Absent, or undefined: none are configured. */
  infrastructure?(): Infrastructure | undefined;
  /** All nodes. Absent, or undefined: nobody may look, or they have not been listed yet. */
  nodes?(): readonly Node[] | undefined;
  /** A volume by its name; `unknown`: they have not been listed yet; `hidden`: nobody may look. */
  volume?(name: string): PersistentVolume | 'unknown' | 'hidden' | undefined;
  /** Whether changes in this namespace are noticed. Absent: in all of them. */
  watches?(namespace: string): boolean;
}

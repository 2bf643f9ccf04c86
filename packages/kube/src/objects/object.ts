/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Reference from a dependent object to its owner; drives garbage collection. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One manager's claim on fields, as server-side apply records it. `fieldsV1` is the FieldsV1 set. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** `metadata` of every Kubernetes object. Times are RFC 3339 strings in UTC, whole seconds. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  /** Opaque to clients; in the local engine a decimal integer that only grows. */
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** An object as it travels: plain JSON, unknown fields allowed. Kind-specific types extend it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** Group, version and plural name: what a URL names. The core group is `''`. */
export interface Resource {
  group: string;
  version: string;
  /** Plural, lower case, e.g. `statefulsets`. */
  plural: string;
}

/** Group, version and kind: what an object says of itself. */
export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** One event of a watch, as on the wire. */
export interface WatchEvent<T = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

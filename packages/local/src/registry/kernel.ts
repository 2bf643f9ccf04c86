import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, KubeObject, Resource } from '@pgherd/kube/objects';
import type { Store } from '../store/index.ts';
import type { Catalog } from './catalog.ts';
import type { ResourceDefinition, Surroundings } from './definition.ts';
import type { RequestOptions, User, WriteOptions } from './registry.ts';

/** A check that needs more than the object: the server's against escalation of rights. */
export type AdmissionHook = (
  definition: ResourceDefinition,
  next: KubeObject,
  old: KubeObject | undefined,
  user: User,
) => void;

/** What all verbs work on. */
export interface Kernel {
  store: Store;
  clock: Clock;
  catalog: Catalog;
  serviceSubnet: string;
  kubernetesServiceIp: string;
  /** Asked before a create (no `old`) or update on a user's behalf is stored; throws to refuse. */
  admit: AdmissionHook;
  /** Where failures of in-process watchers go. */
  onError: (error: unknown) => void;
}

export function surroundings(kernel: Kernel, options: WriteOptions | RequestOptions = {}): Surroundings {
  return {
    store: kernel.store,
    clock: kernel.clock,
    serviceSubnet: kernel.serviceSubnet,
    kubernetesServiceIp: kernel.kubernetesServiceIp,
    warn: ('warn' in options ? options.warn : undefined) ?? (() => {}),
    ...(options.user ? { user: options.user } : {}),
  };
}

/** The last second of the year 9999: RFC 3339 knows no later one. */
const latest = 253_402_300_799_000;

/** RFC 3339 in UTC, whole seconds. */
export function timestamp(milliseconds: number): string {
  return new Date(Math.max(0, Math.min(milliseconds, latest))).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function newUid(): string {
  return randomUUID();
}

/** Letters and digits without vowels, and without those that look alike: Kubernetes' alphabet of suffixes. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** The random five characters that follow a `generateName`. */
export function randomSuffix(length = 5): string {
  return [...randomBytes(length)].map((byte) => suffixAlphabet[byte % suffixAlphabet.length]).join('');
}

/** Names under `generateName` are cut so that the whole has at most 63 characters, as Kubernetes does. */
export function generatedName(prefix: string): string {
  return prefix.slice(0, 63 - 5) + randomSuffix();
}

export function refOf(resource: Resource): Resource {
  return { group: resource.group, version: resource.version, plural: resource.plural };
}

export function apiVersionOf(ref: { group: string; version: string }): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
}

export function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

import { applyDefaults, prune } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Schema } from '@pgherd/kube/schema';
import { acceptedNames, acceptNames, isEstablished } from './custom-names.ts';
import { allVerbs, define, type PrinterColumn, type ResourceDefinition } from './definition.ts';
import { timestamp, type Kernel } from './kernel.ts';

/** One entry of `spec.versions`. */
export interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  schema?: { openAPIV3Schema?: Schema };
  subresources?: { status?: object; scale?: object };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: unknown[];
  deprecated?: boolean;
  deprecationWarning?: string;
}

export interface CrdSpec {
  group?: string;
  scope?: string;
  names?: {
    plural?: string;
    singular?: string;
    kind?: string;
    listKind?: string;
    shortNames?: string[];
    categories?: string[];
  };
  versions?: CrdVersion[];
  conversion?: { strategy?: string };
  preserveUnknownFields?: boolean;
}

export const crdSpec = (object: KubeObject): CrdSpec => object['spec'] ?? {};

/** The served kinds that a CustomResourceDefinition makes, one for each served version. */
export function definitionsOf(crd: KubeObject): ResourceDefinition[] {
  const { group = '', scope, versions = [] } = crdSpec(crd);
  const names = acceptedNames(crd);
  const { plural = '', kind = '' } = names;
  const storage = `${group}/${plural}`;
  const stored = versions.find((v) => v.storage)?.name ?? '';
  return versions
    .filter((version) => version.served)
    .map((version) => {
      const status = version.subresources?.status !== undefined;
      const definition = define({
        group,
        version: version.name,
        kind,
        plural,
        namespaced: scope === 'Namespaced',
        shortNames: names.shortNames ?? [],
        categories: names.categories ?? [],
        verbs: [...allVerbs],
        subresources: status ? ['status'] : [],
        storage,
        strategy: {
          generation: true,
          statusCounts: !status,
          unconditionalUpdate: false,
          // Strategy None: only apiVersion differs between versions.
          toStorage: (object) => ({ ...object, apiVersion: `${group}/${stored}` }),
          fromStorage: (object) => readAs(object, `${group}/${version.name}`, version),
        },
      });
      return {
        ...definition,
        singular: names.singular ?? kind.toLowerCase(),
        listKind: names.listKind ?? `${kind}List`,
        custom: {
          crd: crd.metadata.name ?? '',
          schema: version.schema?.openAPIV3Schema ?? {},
          statusSubresource: status,
          columns: version.additionalPrinterColumns ?? [],
          ...(version.deprecated
            ? {
                deprecation: version.deprecationWarning ?? `${group}/${version.name} ${kind} is deprecated`,
              }
            : {}),
        },
      };
    });
}

/** Conversions of what is stored, each made once. */
const readCache = new WeakMap<KubeObject, Map<CrdVersion, KubeObject>>();

/** Fills in defaults that came into the schema after the object was written, and sets the version. */
function readAs(object: KubeObject, apiVersion: string, version: CrdVersion): KubeObject {
  let converted = readCache.get(object);
  if (!converted) readCache.set(object, (converted = new Map()));
  const known = converted.get(version);
  if (known) return known;
  const schema = version.schema?.openAPIV3Schema;
  const copy = structuredClone(object);
  copy.apiVersion = apiVersion;
  if (schema) {
    prune(schema, copy, { isResourceRoot: true });
    applyDefaults(schema, copy);
  }
  const result = JSON.stringify(copy) === JSON.stringify(object) ? object : copy;
  converted.set(version, result);
  return result;
}

/** The status that says which names are accepted and whether the kind is served. */
export function namesStatus(
  kernel: Kernel,
  crd: KubeObject,
  all: readonly KubeObject[],
): Record<string, unknown> {
  const { versions = [] } = crdSpec(crd);
  const status = (crd['status'] ?? {}) as { conditions?: Condition[]; storedVersions?: string[] };
  const { names, conflict } = acceptNames(crd, all);
  const accepted: Outcome = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : {
        type: 'NamesAccepted',
        status: 'True',
        reason: 'NoConflicts',
        message: 'no conflicts found',
      };
  const outcomes = [accepted];
  if (!isEstablished(crd)) {
    outcomes.push(
      conflict
        ? {
            type: 'Established',
            status: 'False',
            reason: 'NotAccepted',
            message: 'not all names are accepted',
          }
        : {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          },
    );
  }
  const stored = versions.find((v) => v.storage)?.name ?? '';
  return {
    ...status,
    acceptedNames: names,
    conditions: outcomes.reduce(
      (conditions, outcome) => withCondition(conditions, outcome, timestamp(kernel.clock.now())),
      status.conditions ?? [],
    ),
    storedVersions: [...new Set([...(status.storedVersions ?? []), stored])],
  };
}

interface Outcome {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message: string;
}

type Condition = Omit<Outcome, 'status'> & { status: string; lastTransitionTime?: string };

/** The time of a condition is that of its last change of status. */
function withCondition(conditions: readonly Condition[], outcome: Outcome, now: string): Condition[] {
  const before = conditions.find((c) => c.type === outcome.type);
  const time = before?.status === outcome.status ? (before.lastTransitionTime ?? now) : now;
  const next: Condition = { ...outcome, lastTransitionTime: time };
  return before ? conditions.map((c) => (c === before ? next : c)) : [...conditions, next];
}

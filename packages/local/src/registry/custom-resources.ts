import { applyDefaults, prune } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Schema } from '@pgherd/kube/schema';
import type { Catalog } from './catalog.ts';
import { allVerbs, define, type ResourceDefinition } from './definition.ts';
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

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
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
  const { group = '', scope, names = {}, versions = [] } = crdSpec(crd);
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

/** Serves what an established CustomResourceDefinition defines, and stops serving what a deleted one did. */
export function serveCustomResources(catalog: Catalog, crd: KubeObject, deleted: boolean): void {
  catalog.setCustom(crd.metadata.name ?? '', deleted ? [] : definitionsOf(crd));
}

/** The status that says that names are accepted and the kind is served. */
export function establishedStatus(kernel: Kernel, crd: KubeObject): Record<string, unknown> {
  const { names, versions = [] } = crdSpec(crd);
  const status = (crd['status'] ?? {}) as { conditions?: { type: string }[]; storedVersions?: string[] };
  const now = timestamp(kernel.clock.now());
  const stored = versions.find((v) => v.storage)?.name ?? '';
  const wanted = [
    {
      type: 'NamesAccepted',
      status: 'True',
      reason: 'NoConflicts',
      message: 'no conflicts found',
      lastTransitionTime: now,
    },
    {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
      lastTransitionTime: now,
    },
  ];
  const kept = status.conditions ?? [];
  const missing = wanted.filter((condition) => !kept.some((c) => c.type === condition.type));
  return {
    ...status,
    acceptedNames: names,
    conditions: [...kept, ...missing],
    storedVersions: [...new Set([...(status.storedVersions ?? []), stored])],
  };
}

import { isDeepStrictEqual } from 'node:util';
import { definitionVersionAnnotation } from '@pgherd/api';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@pgherd/kube/objects';
import type { Schema } from '@pgherd/kube/schema';
import { mergeSchema } from './merge-schema.ts';

/**
 * Merge patch that brings a live definition up to date with ours; undefined: nothing is missing. Nothing is taken away
 * from it: what only the live one has may be of a later release, or of somebody else, whose objects would lose it.
 */
export function bringUpToDate(
  live: CustomResourceDefinition,
  ours: CustomResourceDefinition,
): Record<string, unknown> | undefined {
  const wanted = versionOf(ours);
  if (isLater(versionOf(live), wanted)) return undefined;
  const spec = {
    names: { ...live.spec.names, categories: ours.spec.names.categories ?? [] },
    versions: mergeVersions(live.spec.versions, ours.spec.versions),
  };
  if (!isMissing(spec, live.spec)) return undefined;
  const { resourceVersion } = live.metadata;
  return {
    metadata: { resourceVersion, annotations: { [definitionVersionAnnotation]: wanted } },
    spec,
  };
}

function isMissing(
  wanted: Pick<CustomResourceDefinition['spec'], 'names' | 'versions'>,
  live: typeof wanted,
): boolean {
  const categories = (names: typeof wanted.names) => names.categories ?? [];
  return (
    !isDeepStrictEqual(categories(wanted.names), categories(live.names)) ||
    !isDeepStrictEqual(wanted.versions, live.versions)
  );
}

function mergeVersions(
  live: CustomResourceDefinitionVersion[],
  ours: CustomResourceDefinitionVersion[],
): CustomResourceDefinitionVersion[] {
  const storesElsewhere = live.some(
    ({ name, storage }) => storage && ours.every((each) => each.name !== name),
  );
  const merged = ours.map((version): CustomResourceDefinitionVersion => {
    const other = live.find(({ name }) => name === version.name);
    const schemas = [other?.schema?.openAPIV3Schema, version.schema?.openAPIV3Schema] as [Schema?, Schema?];
    const [one, mine = {}] = schemas;
    return {
      ...other,
      ...version,
      storage: version.storage && !storesElsewhere,
      schema: { openAPIV3Schema: one === undefined ? mine : mergeSchema(one, mine) },
    };
  });
  return [...merged, ...live.filter(({ name }) => ours.every((each) => each.name !== name))];
}

function versionOf({ metadata }: CustomResourceDefinition): string {
  return metadata.annotations?.[definitionVersionAnnotation] ?? '';
}

/** Compares `1.2.3`; a definition without a version is earlier than every other. */
function isLater(one: string, other: string): boolean {
  const numbers = (version: string) => version.split('.').map(Number);
  const [first, second] = [numbers(one), numbers(other)];
  for (const [index, number] of first.entries()) {
    const difference = number - (second[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

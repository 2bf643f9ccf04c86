import type { Postgresql } from '@pgherd/api';
import type { Declared } from '@pgherd/postgres';
import { kinds, objectKey } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { goalOf, type Circumstances } from '../reconcile/goal.ts';
import type { Settings } from '../settings.ts';

/** What is declared inside PostgreSQL by the pass after the one that made the Secrets. */
export function declaredWithSecrets(
  manifest: Postgresql,
  settings: Settings,
  observed: Observed,
  circumstances: Circumstances,
): Declared {
  const { goal } = goalOf(manifest, settings, observed, circumstances);
  const objects = new Map(observed.objects);
  for (const { kind, object } of goal.objects) {
    const { namespace = observed.namespace, name = '' } = object.metadata;
    if (kind === kinds.secret) objects.set(objectKey(kind, namespace, name), object);
  }
  return goalOf(manifest, settings, { ...observed, objects }, circumstances).declared;
}

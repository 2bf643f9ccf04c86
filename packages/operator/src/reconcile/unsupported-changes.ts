import type { Postgresql, Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { podSpecOf, rememberPods } from '../observe/remembered.ts';

/** Changes of a manifest that are acted on in a new cluster, but not yet in a running one. */
export function unsupportedChanges(manifest: Postgresql, observed: Observed): Problem[] {
  return versionChange(manifest, observed);
}

function versionChange(manifest: Postgresql, observed: Observed): Problem[] {
  const running = rememberPods(podSpecOf(observed))?.postgresVersion;
  if (observed.configuration === undefined) return []; // No data yet, so nothing to upgrade.
  if (running === undefined || running === manifest.spec.postgresql.version) return [];
  const message = `the cluster stays on version ${running}: pgherd does not upgrade running clusters yet.`;
  return [{ severity: 'warning', field: 'spec.postgresql.version', message }];
}

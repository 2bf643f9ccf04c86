import { parseQuantity, type Postgresql, type Problem } from '@pgherd/api';
import type { PersistentVolumeClaim } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { claimName } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { podSpecOf, rememberPods } from '../observe/remembered.ts';

/** Changes of a manifest that are acted on in a new cluster, but not yet in a running one. */
export function unsupportedChanges(manifest: Postgresql, observed: Observed): Problem[] {
  return [...versionChange(manifest, observed), ...volumeChange(manifest, observed)];
}

function versionChange(manifest: Postgresql, observed: Observed): Problem[] {
  const running = rememberPods(podSpecOf(observed))?.postgresVersion;
  if (observed.configuration === undefined) return []; // No data yet, so nothing to upgrade.
  if (running === undefined || running === manifest.spec.postgresql.version) return [];
  const message = `the cluster stays on version ${running}: pgherd does not upgrade running clusters yet.`;
  return [{ severity: 'warning', field: 'spec.postgresql.version', message }];
}

function volumeChange(manifest: Postgresql, observed: Observed): Problem[] {
  const { size } = manifest.spec.volume;
  const others = observed.members.flatMap(({ ordinal }) => {
    const name = claimName(observed.name, ordinal);
    const claim = find(observed, kinds.claim, name) as PersistentVolumeClaim | undefined;
    const has = claim?.spec?.resources?.requests?.['storage'];
    const differs = has !== undefined && parseQuantity(has) !== parseQuantity(size);
    return differs ? [`${name} (${has})`] : [];
  });
  if (others.length === 0) return [];
  const message = `${others.join(', ')} stay as they are, only new volumes have ${size}: pgherd does not resize volumes yet.`;
  return [{ severity: 'warning', field: 'spec.volume.size', message }];
}

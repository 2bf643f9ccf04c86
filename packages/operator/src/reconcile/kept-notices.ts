import type { Postgresql, Problem } from '@pgherd/api';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import type { Observed } from '../observe/observed.ts';
import { instancesOf } from '../render/instances.ts';
import type { Settings } from '../settings.ts';
import { unreleasedLock, wantedStore } from './wanted-store.ts';

/** Where a cluster keeps what it has although somebody may expect something else. */
export function keptNotices(manifest: Postgresql, settings: Settings, observed: Observed): Problem[] {
  return [...keptStore(manifest, settings, observed), ...keptLoadBalancer(manifest, settings, observed)];
}

function keptStore(manifest: Postgresql, settings: Settings, observed: Observed): Problem[] {
  const target = wantedStore(settings, observed);
  if (target === undefined) return [];
  const called = { endpoints: 'Endpoints', configmaps: 'ConfigMaps' };
  const [kept, wanted] =
    target === 'configmaps' ? [called.endpoints, called.configmaps] : [called.configmaps, called.endpoints];
  const where = `Patroni of this cluster keeps its state in ${kept}, and the configuration says ${wanted}. `;
  const owner = unreleasedLock(settings, observed);
  const message =
    instancesOf(settings.configuration, manifest) > 0
      ? `${where}It is not moved while there are members, as those with different stores would elect a primary each. To move it, set \`numberOfInstances: 0\`, wait until the state is moved, and set it back.`
      : owner === undefined
        ? `${where}It is moved when the last pod is gone.`
        : `${where}It is not moved, as ${owner} has not given its leader lock back and may run somewhere. Start the cluster again, and stop it once it runs.`;
  return [{ severity: 'warning', field: 'kubernetes_use_configmaps', message }];
}

function keptLoadBalancer(manifest: Postgresql, settings: Settings, observed: Observed): Problem[] {
  const isKept =
    effectiveConfiguration(settings, observed).enable_master_load_balancer &&
    !settings.configuration.enable_master_load_balancer;
  if (!isKept || manifest.spec.enableMasterLoadBalancer !== undefined) return [];
  const message =
    'the Service of the primary stays a load balancer, because it is one and nobody says otherwise: say true or false here, or `enable_master_load_balancer` in the configuration.';
  return [{ severity: 'warning', field: 'spec.enableMasterLoadBalancer', message }];
}

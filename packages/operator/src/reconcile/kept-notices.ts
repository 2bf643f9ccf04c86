import type { Postgresql, Problem } from '@pgherd/api';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { podSpecOf, storeOf } from '../observe/remembered.ts';
import type { Observed } from '../observe/observed.ts';
import type { Settings } from '../settings.ts';

/** Where a cluster keeps what it has although somebody may expect something else. */
export function keptNotices(manifest: Postgresql, settings: Settings, observed: Observed): Problem[] {
  return [...keptStore(settings, observed), ...keptLoadBalancer(manifest, settings, observed)];
}

function keptStore({ configuration, named }: Settings, observed: Observed): Problem[] {
  const pod = podSpecOf(observed);
  if (pod === undefined || !named.has('kubernetes_use_configmaps')) return [];
  const store = storeOf(configuration, pod);
  if ((store === 'configmaps') === configuration.kubernetes_use_configmaps) return [];
  const kept = store === 'configmaps' ? 'ConfigMaps' : 'Endpoints';
  const message = `Patroni of this cluster stays with ${kept}: members with different stores would elect a primary each. The setting is for new clusters.`;
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

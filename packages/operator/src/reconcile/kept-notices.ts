import { isOwnImage, type Postgresql, type Problem } from '@pgherd/api';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { apiSecretOf, podSpecOf } from '../observe/remembered.ts';
import type { Observed } from '../observe/observed.ts';
import { instancesOf } from '../render/instances.ts';
import { isSet } from '../render/variables.ts';
import type { Settings } from '../settings.ts';
import { unreleasedLock, wantedStore } from './wanted-store.ts';

/** Where a cluster keeps what it has although somebody may expect something else. */
export function keptNotices(manifest: Postgresql, settings: Settings, observed: Observed): Problem[] {
  return [
    ...keptStore(manifest, settings, observed),
    ...keptApi(manifest, settings, observed),
    ...keptLoadBalancer(manifest, settings, observed),
  ];
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

/** What is said about the protection of Patroni's REST API: that of a cluster stays, and other images have none. */
function keptApi(manifest: Postgresql, { configuration, named }: Settings, observed: Observed): Problem[] {
  const field = 'enable_patroni_api_tls';
  const wanted = configuration[field];
  const pod = podSpecOf(observed);
  if (pod === undefined) {
    const { dockerImage } = manifest.spec;
    const image = isSet(dockerImage) ? dockerImage : configuration.docker_image;
    if (!wanted || isOwnImage(image)) return [];
    const message = `the REST API of Patroni in this cluster will have neither TLS nor a password, because ${image} is not pgherd's image: keep others from port 8008 by a NetworkPolicy. false says that this is meant.`;
    return [{ severity: 'warning', field, message }];
  }
  const isProtected = apiSecretOf(pod) !== undefined;
  if (!named.has(field) || isProtected === wanted) return [];
  const message = `the REST API of Patroni in this cluster stays ${isProtected ? 'with' : 'without'} TLS and a password: members that do not speak the same could not ask each other. The setting is for new clusters.`;
  return [{ severity: 'warning', field, message }];
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

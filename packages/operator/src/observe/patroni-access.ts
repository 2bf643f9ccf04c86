import type { Pod, Secret } from '@pgherd/kube/objects';
import { PatroniError, type RestAccess } from '@pgherd/patroni';
import { contentsOf } from '../secrets/contents.ts';
import { apiKey, apiServerName } from '../secrets/patroni-api.ts';
import { apiSecretOf } from './remembered.ts';

/**
 * How the Patroni of a pod is spoken to: the pod says by its mounts whether its API is protected, and by which Secret.
 * Undefined: it is not, or there is no such pod. Throws when the Secret is not there or cannot be used.
 */
export function patroniAccess(
  pod: Pod | undefined,
  secretOf: (name: string) => Secret | undefined,
): RestAccess | undefined {
  const name = apiSecretOf(pod?.spec);
  if (name === undefined) return undefined;
  const secret = secretOf(name);
  const text = secret === undefined ? undefined : contentsOf(secret).text;
  const [ca, username, password] = [apiKey.authority, apiKey.username, apiKey.password].map((key) =>
    text?.get(key),
  );
  if (!ca || !username || !password) {
    throw new PatroniError(
      `Secret ${name}, with which the REST API of Patroni in pod ${pod?.metadata.name ?? ''} is protected, ${secret === undefined ? 'does not exist' : 'is not complete'}`,
    );
  }
  return { ca, serverName: apiServerName, username, password };
}

/** Whether the pod has this address now. One that ended keeps its address, which is another one's by then. */
export function isAt({ status }: Pod, address: string): boolean {
  return status?.podIP === address && status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

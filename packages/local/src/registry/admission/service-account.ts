import { randomBytes } from 'node:crypto';
import type { Container, Pod, Volume } from '@pgherd/kube/objects';

/** Where containers find the token; client libraries have this path built in. */
export const SERVICE_ACCOUNT_MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Lifetime of the projected token in seconds: one hour and seven seconds, the marker by which Kubernetes' own
 * API server knows that it wrote the volume.
 */
const TOKEN_SECONDS = 3607;

/** What a ServiceAccount says about the pods that use it. */
export interface PodServiceAccount {
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
}

/**
 * What Kubernetes' ServiceAccount admission does to a new pod: names the service account, takes over its image
 * pull secrets, and adds the projected volume `kube-api-access-…` with token, CA and namespace to every container
 * that mounts nothing at that path. Pure but for the volume's random suffix; answers a changed copy.
 * Source: kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin, "ServiceAccount admission controller".
 */
export function injectServiceAccount(
  pod: Pod,
  account: PodServiceAccount,
  suffix: () => string = randomSuffix,
): Pod {
  const copy = structuredClone(pod);
  const spec = copy.spec;
  // What has no containers is refused by the validation that follows.
  if (!Array.isArray(spec?.containers)) return copy;
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
    spec.imagePullSecrets = structuredClone(account.imagePullSecrets ?? []);
  }
  const wanted = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (!wanted) return copy;

  const containers = [...(spec.initContainers ?? []), ...spec.containers].filter((each) => !hasMount(each));
  if (containers.length === 0) return copy;
  const existing = spec.volumes?.find((volume) => volume.name.startsWith('kube-api-access-'));
  const volume = existing ?? apiAccessVolume(`kube-api-access-${suffix()}`);
  if (existing === undefined) spec.volumes = [...(spec.volumes ?? []), volume];
  for (const container of containers) {
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name: volume.name, readOnly: true, mountPath: SERVICE_ACCOUNT_MOUNT_PATH },
    ];
  }
  return copy;
}

function hasMount(container: Container): boolean {
  return (container.volumeMounts ?? []).some((mount) => mount.mountPath === SERVICE_ACCOUNT_MOUNT_PATH);
}

function apiAccessVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}

/** Five of the characters that Kubernetes uses in generated names. */
function randomSuffix(): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from(randomBytes(5), (byte) => alphabet[byte % alphabet.length]).join('');
}

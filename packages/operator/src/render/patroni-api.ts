import { isOwnImage } from '@pgherd/api';
import type { EnvVar, Probe } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { patroniApiSecretName, patroniApiVolume } from '../names.ts';
import { encode } from '../secrets/contents.ts';
import { apiKey, apiUser } from '../secrets/patroni-api.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject, ownerOf } from './metadata.ts';
import type { MountedVolume } from './mounts.ts';
import { fromSecret, isSet } from './variables.ts';

/** Where the certificates are in container `postgres`. */
const folder = '/patroni-api';

/** Variable with the password, from the Secret; nobody but `SPILO_CONFIGURATION` refers to it. */
const passwordVariable = 'PATRONI_API_PASSWORD';

const apiPort = 8008;

/** Without what is remembered it is about a new cluster. */
type Declared = Pick<RenderInput, 'manifest' | 'configuration'> & Partial<Pick<RenderInput, 'remembered'>>;

/**
 * Whether the REST API of this cluster's Patroni speaks TLS and wants a password. Decided when the cluster is made and kept:
 * members that do not speak the same could not ask each other.
 */
export function protectsApi({ manifest, configuration, remembered }: Declared): boolean {
  if (remembered?.statefulSet !== undefined) return remembered.statefulSet.protectsApi === true;
  const { dockerImage } = manifest.spec;
  // Another image would not read renewed certificates.
  return (
    configuration.enable_patroni_api_tls &&
    isOwnImage(isSet(dockerImage) ? dockerImage : configuration.docker_image)
  );
}

/** The Secret with password and certificates: it says what holds, and only what it lacks is written to it. */
export function renderApiSecret(input: RenderInput): Desired[] {
  if (!protectsApi(input)) return [];
  const { apiKeys } = input.remembered;
  const name = patroniApiSecretName(identityOf(input.manifest).name);
  const data = Object.fromEntries(
    Object.entries(apiKeys?.data ?? {}).map(([key, text]) => [key, encode(text)]),
  );
  const fields = apiKeys === undefined || apiKeys.exists ? {} : { type: 'Opaque', data };
  return [
    {
      ...clusterObject(input, kinds.secret, name, fields),
      care: 'labelled',
      owner: ownerOf(input),
      ...(apiKeys?.exists === true
        ? {
            change: {
              what: `renew ${Object.keys(apiKeys.data).join(', ')} of Secret ${name}`,
              why: [apiKeys.why],
              data: apiKeys.data,
              isRotation: false,
            },
          }
        : {}),
    },
  ];
}

/** Mount of what Patroni needs of the Secret; the key of the authority stays out of the pods. */
export function apiVolumes(input: Declared): MountedVolume[] {
  if (!protectsApi(input)) return [];
  const { manifest, configuration } = input;
  const hasGroup = (manifest.spec.spiloFSGroup ?? configuration.spilo_fsgroup) !== undefined;
  const items = [apiKey.authority, apiKey.certificate, apiKey.privateKey].map((key) => ({ key, path: key }));
  const secretName = patroniApiSecretName(identityOf(manifest).name);
  return [
    {
      // Without a group of the files only everybody is left.
      volume: {
        name: patroniApiVolume,
        secret: { secretName, items, defaultMode: hasGroup ? 0o640 : 0o644 },
      },
      mount: { name: patroniApiVolume, mountPath: folder },
      containers: ['postgres'],
    },
  ];
}

/** Has to stand before `SPILO_CONFIGURATION`, which refers to it. */
export function apiEnvironment(input: RenderInput): EnvVar[] {
  if (!protectsApi(input)) return [];
  const secret = patroniApiSecretName(identityOf(input.manifest).name);
  return [fromSecret(passwordVariable, secret, apiKey.password)];
}

/**
 * Sections of Patroni's own configuration. Members know each other by address, which is in no certificate: with a client's
 * certificate of its own, `insecure` leaves out the check of the name and keeps that of the authority (PatroniRequest in
 * Patroni's `request.py`).
 */
export function apiSections(input: RenderInput): Record<string, unknown> {
  if (!protectsApi(input)) return {};
  const files = {
    certfile: `${folder}/${apiKey.certificate}`,
    keyfile: `${folder}/${apiKey.privateKey}`,
  };
  return {
    restapi: { ...files, authentication: { username: apiUser, password: `$(${passwordVariable})` } },
    ctl: { ...files, cacert: `${folder}/${apiKey.authority}`, insecure: true },
  };
}

/** A probe of Patroni's port speaks as Patroni does. */
export function apiProbe(input: RenderInput, probe: Probe): Probe {
  const { httpGet } = probe;
  if (httpGet === undefined || Number(httpGet.port) !== apiPort || !protectsApi(input)) return probe;
  return { ...probe, httpGet: { ...httpGet, scheme: 'HTTPS' } };
}

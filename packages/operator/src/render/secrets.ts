import { kinds, type Desired } from '../kinds.ts';
import { asPooler, type Labels } from '../labels.ts';
import { clusterNamespaceLabel, poolerName, rotatedUsersAnnotation, secretName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject, objectInNamespace, ownerOf } from './metadata.ts';
import { encode } from '../secrets/contents.ts';
import { poolerUser } from './poolers.ts';
import { secretRoles, type SecretRole } from './roles/secret-roles.ts';

/**
 * One Secret for each role with a password. What an existing Secret says is the truth, even if somebody else made it:
 * only `change` is written to it.
 */
export function renderSecrets(input: RenderInput): Desired[] {
  const { configuration, manifest, remembered } = input;
  const { name, namespace } = identityOf(manifest);
  return secretRoles(input).map((role) => {
    const secret = secretName(configuration, name, role.name);
    const { fresh, change, hadUsers } = remembered.secrets.get(secret) ?? {};
    const annotations: Labels = hadUsers === true ? { [rotatedUsersAnnotation]: 'true' } : {};
    const fields = fresh === undefined ? {} : { type: 'Opaque', data: encodeAll(fresh) };
    const labels = labelsOf(input, role);
    const desired = clusterObject(input, kinds.secret, secret, fields, { labels, annotations });
    return {
      ...(role.secret.namespace === namespace ? desired : objectInNamespace(desired, role.secret.namespace)),
      care: 'labelled' as const,
      owner: ownerOf(input),
      ...(change === undefined ? {} : { change }),
    };
  });
}

function labelsOf(input: RenderInput, role: SecretRole): Record<string, string> {
  const { name, namespace } = identityOf(input.manifest);
  return {
    // Of both poolers: they share the role.
    ...(role.name === poolerUser(input) ? asPooler({}, poolerName(name, 'master')) : {}),
    ...(role.secret.namespace === namespace ? {} : { [clusterNamespaceLabel]: namespace }),
  };
}

function encodeAll(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encode(text)]));
}

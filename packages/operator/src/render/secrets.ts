import { kinds, type Desired } from '../kinds.ts';
import { asPooler } from '../labels.ts';
import { clusterNamespaceLabel, poolerName, secretName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject, objectInNamespace, ownerOf } from './metadata.ts';
import { poolerUser } from './poolers.ts';
import { secretRoles, type SecretRole } from './roles/secret-roles.ts';

/**
 * One Secret for each role with a password. What an existing Secret says is never written again: it is the truth,
 * even if somebody else made it.
 */
export function renderSecrets(input: RenderInput): Desired[] {
  const { configuration, manifest, remembered } = input;
  const { name, namespace } = identityOf(manifest);
  return secretRoles(input).map((role) => {
    const secret = secretName(configuration, name, role.name);
    const password = remembered.secrets.has(secret) ? undefined : remembered.generated.get(secret);
    const fields =
      password === undefined
        ? {}
        : { type: 'Opaque', data: { username: encode(role.name), password: encode(password) } };
    const labels = labelsOf(input, role);
    const desired = clusterObject(input, kinds.secret, secret, fields, { labels });
    return {
      ...(role.secret.namespace === namespace ? desired : objectInNamespace(desired, role.secret.namespace)),
      care: 'labelled' as const,
      owner: ownerOf(input),
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

/** As the data of a Secret are written. */
export function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

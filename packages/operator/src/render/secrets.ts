import { kinds, type Desired } from '../kinds.ts';
import { secretName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject } from './metadata.ts';
import { secretRoles } from './roles.ts';

/**
 * One Secret for each role with a password. What an existing Secret says is never written again: it is the truth,
 * even if somebody else made it.
 */
export function renderSecrets(input: RenderInput): Desired[] {
  const { configuration, manifest, remembered } = input;
  const { name } = identityOf(manifest);
  return secretRoles(input).map((role) => {
    const secret = secretName(configuration, name, role.name);
    const password = remembered.secrets.has(secret) ? undefined : remembered.generated.get(secret);
    return clusterObject(
      input,
      kinds.secret,
      secret,
      password === undefined
        ? {}
        : { type: 'Opaque', data: { username: encode(role.name), password: encode(password) } },
    );
  });
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

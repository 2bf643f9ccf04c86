import type { Postgresql } from '@pgherd/api';
import type { IdleReplicas } from '../healing/idle-replica.ts';
import { kinds } from '../kinds.ts';
import { patroniApiSecretName } from '../names.ts';
import type { Observed } from '../observe/observed.ts';
import type { ApiKeys } from '../secrets/patroni-api.ts';
import type { Settings } from '../settings.ts';
import { goalOf, type PassGoal } from './goal.ts';
import type { ClusterMemory } from './memory.ts';
import { goalWithApiKeys } from './patroni-api.ts';

/** All that should be, for one pass, with the passwords and certificates that are made for it. */
export async function passGoal(
  manifest: Postgresql,
  settings: Settings,
  observed: Observed,
  memory: ClusterMemory,
  { now, idle, newPassword }: { now: number; idle: IdleReplicas; newPassword: () => string },
): Promise<PassGoal> {
  const former = (secret: string) => memory.patroniPasswords.get(secret);
  const goal = (apiKeys?: ApiKeys) =>
    goalOf(manifest, settings, observed, {
      now,
      idle,
      written: memory.manifest.spec,
      newPassword: (secret, purpose) => (purpose === 'missing' ? former(secret) : undefined) ?? newPassword(),
      ...(apiKeys === undefined ? {} : { apiKeys }),
    });
  const pass = await goalWithApiKeys(goal, observed, { now, newPassword, memory });
  for (const [secret, password] of pass.patroniPasswords) memory.patroniPasswords.set(secret, password);
  return pass;
}

/**
 * Names of the Secrets of roles. Poolers' lists of users are written whole, and have no password to look for; Patroni's API
 * has no role.
 */
export function roleSecrets({ goal }: PassGoal, cluster: string): string[] {
  return goal.objects.flatMap(({ kind, care, object }) => {
    const { name = '' } = object.metadata;
    const isRoles = kind === kinds.secret && care === 'labelled' && name !== patroniApiSecretName(cluster);
    return isRoles ? [name] : [];
  });
}

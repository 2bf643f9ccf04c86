import type { PersistentVolumeClaim } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { find, type Member, type Observed } from '../observe/observed.ts';
import { credentialsOf } from '../observe/remembered.ts';
import { podTrouble } from './pod-trouble.ts';
import { diskTroubles } from '../disks/troubles.ts';
import { growing } from '../volumes/data-claims.ts';
import { fullVolumes } from './full-volumes.ts';
import { poolerTroubles } from './pooler-trouble.ts';
import type { Trouble } from './trouble.ts';

/** What is wrong with pods, volumes and Secrets, as far as it can be seen, and with who may log in; the worst first. */
export function observedTroubles(observed: Observed, secrets: string[], writesStopped = false): Trouble[] {
  return [
    ...observed.members.map(podTrouble),
    ...lostVolumes(observed),
    ...observed.members.map(restartInVain),
    ...notGrown(observed),
    ...diskTroubles(observed),
    ...fullVolumes(observed, writesStopped),
    ...secrets.map((name) => secretTrouble(observed, name)),
    ...poolerTroubles(observed),
    observed.people?.trouble,
  ].filter((trouble): trouble is Trouble => trouble !== undefined);
}

/** A parameter that Patroni says waits for a restart, right after one. */
function restartInVain({ name, restartedInVain, pendingChanges }: Member): Trouble | undefined {
  if (restartedInVain !== true) return undefined;
  const changes = pendingChanges.map((change) => `${change.name}: ${change.before} → ${change.after}`);
  return {
    reason: 'RestartInVain',
    message:
      `PostgreSQL of ${name} was restarted, and Patroni says that the same still waits for a restart ` +
      `(${changes.join(', ')}): it is not restarted again; correct the parameter in the manifest, or what else sets it ` +
      '(spec.env, ALTER SYSTEM, the image)',
  };
}

function lostVolumes(observed: Observed): Trouble[] {
  const claims = [...observed.objects].flatMap(([key, object]) =>
    key.startsWith(`${kinds.claim.plural}/`) ? [object as PersistentVolumeClaim] : [],
  );
  return claims
    .filter(({ status }) => status?.phase === 'Lost')
    .map(({ metadata, spec }) => ({
      reason: 'VolumeLost',
      message:
        `the volume ${spec?.volumeName ?? ''} of claim ${metadata.name ?? ''} does not exist any more: ` +
        'restore it, or delete claim and pod so that the member is copied anew from the primary',
    }));
}

function notGrown(observed: Observed): Trouble[] {
  return growing(observed).flatMap(({ claim: { name, requested, capacity }, failed }) => {
    if (failed === undefined) return [];
    const message =
      `claim ${name} stays at ${capacity?.text ?? ''} instead of ${requested.text}: ${failed}; ` +
      `kubectl describe pvc ${name} shows more`;
    return [{ reason: 'VolumeNotGrown', message }];
  });
}

/** A Secret that exists without a password gets a new one, unless Kubernetes refuses that. */
function secretTrouble(observed: Observed, name: string): Trouble | undefined {
  if (find(observed, kinds.secret, name) === undefined || credentialsOf(observed, name) !== undefined) {
    return undefined;
  }
  return {
    reason: 'SecretIncomplete',
    message: `Secret ${name} has no username or no password in it: both are put there; if that fails, delete it so that it is made anew`,
  };
}

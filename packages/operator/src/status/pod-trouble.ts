import type { ContainerStatus } from '@pgherd/kube/objects';
import type { Member } from '../observe/observed.ts';
import { shorten, type Trouble } from './trouble.ts';

/** Why a pod does not do its part, in words that stay the same while kubelet tries again; undefined if nothing is wrong. */
export function podTrouble(member: Member): Trouble | undefined {
  if (member.deleting) return undefined;
  const { status } = member.pod;
  if (status?.phase === 'Failed') {
    const why = [status.reason, status.message].filter(Boolean).join(': ') || 'no reason given';
    return {
      reason: 'PodFailed',
      message: `pod ${member.name} has failed (${shorten(why, 300)}): it is made again once it is deleted`,
    };
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of containers) {
    const trouble = containerTrouble(member.name, container);
    if (trouble !== undefined) return trouble;
  }
  const unscheduled = status?.conditions?.find(
    ({ type, status: holds }) => type === 'PodScheduled' && holds === 'False',
  );
  return unscheduled === undefined ? undefined : unschedulable(member.name, unscheduled.message ?? '');
}

/** Kubelet alternates between these while it tries again. */
const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'RegistryUnavailable',
]);
const configurationReasons = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

function containerTrouble(pod: string, container: ContainerStatus): Trouble | undefined {
  const { name, image, state, lastState } = container;
  const waiting = state?.waiting;
  const reason = waiting?.reason ?? '';
  if (imageReasons.has(reason)) {
    return {
      reason: 'ImagePull',
      message:
        `image ${image} of container ${name} in pod ${pod} cannot be pulled (ImagePullBackOff): correct its name (spec.dockerImage or ` +
        'docker_image for the database), or give the pods access to the registry (image_pull_secrets of ' +
        `pod_service_account_definition); kubectl describe pod ${pod} shows what the registry answers`,
    };
  }
  if (reason === 'InvalidImageName') {
    return {
      reason: 'ImageName',
      message: `image ${image} of container ${name} in pod ${pod} is no name of an image: correct it`,
    };
  }
  if (configurationReasons.has(reason)) {
    const said = shorten(waiting?.message ?? reason, 300);
    return {
      reason: 'ContainerConfiguration',
      message: `container ${name} in pod ${pod} cannot be made (${said}): make what is missing, or take it out of the manifest`,
    };
  }
  const ended = state?.terminated ?? (reason === 'CrashLoopBackOff' ? lastState?.terminated : undefined);
  if (ended === undefined && reason === 'CrashLoopBackOff') return crash(pod, name, undefined, undefined);
  if (ended === undefined || ended.exitCode === 0) return undefined;
  if (ended.reason === 'OOMKilled') {
    return {
      reason: 'OutOfMemory',
      message: `container ${name} in pod ${pod} was killed because it needed more memory than its limit: raise it (spec.resources.limits.memory for the database)`,
    };
  }
  return crash(pod, name, ended.exitCode, ended.message);
}

function crash(pod: string, name: string, code: number | undefined, said: string | undefined): Trouble {
  const how = code === undefined ? '' : ` with exit code ${code}`;
  const why = said === undefined || said.trim() === '' ? '' : `: ${shorten(said.trim(), 300)}`;
  return {
    reason: 'ContainerCrashes',
    message: `container ${name} in pod ${pod} ends${how} (CrashLoopBackOff${why}): kubectl logs ${pod} -c ${name} --previous says why`,
  };
}

function unschedulable(pod: string, said: string): Trouble {
  const why = said === '' ? '' : ` (${shorten(said, 300)})`;
  if (/persistentvolumeclaim|storageclass|volume node affinity/i.test(said)) {
    return {
      reason: 'VolumePending',
      message:
        `pod ${pod} waits for its volume${why}: check that the storage class (spec.volume.storageClass) exists and can ` +
        'still make volumes where the pod may run; kubectl describe pvc shows what its provisioner says',
    };
  }
  const advice = /insufficient/i.test(said)
    ? 'ask for less (spec.resources.requests), or add nodes'
    : 'check node affinity, tolerations, anti-affinity and the readiness label of the nodes, or add nodes';
  return { reason: 'Unschedulable', message: `no node can take pod ${pod}${why}: ${advice}` };
}

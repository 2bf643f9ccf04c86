import { ApiError } from '@pgherd/kube/objects';
import { PatroniError } from '@pgherd/patroni';
import { PostgresError } from '@pgherd/postgres';
import { AmazonError } from '../amazon/amazon-error.ts';
import { amazonAdvice } from '../disks/troubles.ts';
import { ForeignObjectError } from './foreign-object.ts';
import { FileSystemError } from './grow-file-system.ts';
import { PoolersBusyError } from './pause-poolers.ts';

/** An error for people: what is wrong, where, and what to do. */
export interface Explanation {
  /** Kind of error, in one word for machines. */
  reason: string;
  message: string;
}

/** Reason of a step that is put off because transactions run through poolers. */
export const poolersBusy = 'PoolersBusy';

/** The error in its own words, and what to do about the frequent ones. */
export function explain(error: unknown): Explanation {
  const said = error instanceof Error ? error.message : String(error);
  return withAdvice(said, adviceFor(error, said));
}

/** What a controller of Kubernetes says in an event that it was refused. */
export function explainRefusal(said: string): Explanation {
  return withAdvice(said, knownRefusal(said) ?? ['PodsNotMade']);
}

function withAdvice(said: string, [reason, advice]: Advice): Explanation {
  return { reason, message: advice === undefined ? said : `${said.replace(/[.\s]+$/, '')}; ${advice}` };
}

type Advice = [reason: string, advice?: string];

function adviceFor(error: unknown, said: string): Advice {
  if (error instanceof ApiError) return refusedByKubernetes(error, said);
  if (error instanceof PatroniError) return refusedByPatroni(error);
  if (error instanceof PostgresError) return refusedByPostgres(error);
  if (error instanceof AmazonError) return amazonAdvice[error.kind];
  if (error instanceof FileSystemError) {
    return [
      'FileSystemNotGrown',
      'its container must be root and see the device (spilo_privileged): the modes pvc and mixed of storage_resize_mode need neither',
    ];
  }
  if (error instanceof PoolersBusyError) return [poolersBusy];
  if (error instanceof ForeignObjectError) {
    return [
      'ForeignObject',
      'remove it, call the cluster otherwise, or give it the labels to have it taken over',
    ];
  }
  return ['StepFailed'];
}

/** An admission webhook that does not answer: the API server reports it as if it were broken itself. */
export function isWebhookAway(said: string): boolean {
  return /failed calling webhook/i.test(said);
}

/** Refusals that are known by their words, whoever was refused. */
function knownRefusal(said: string): Advice | undefined {
  if (/exceeded quota/i.test(said)) {
    return ['QuotaExceeded', 'raise the ResourceQuota of the namespace, or ask for less in the manifest'];
  }
  if (isWebhookAway(said)) {
    return [
      'WebhookUnavailable',
      'repair the webhook that it names, or remove its ValidatingWebhookConfiguration or MutatingWebhookConfiguration',
    ];
  }
  if (/admission webhook/i.test(said)) {
    return ['AdmissionDenied', 'it is a rule of this Kubernetes: change what it objects to, or the rule'];
  }
  if (/being terminated/i.test(said)) {
    return ['NamespaceTerminating', 'the namespace is being deleted: nothing can be made in it any more'];
  }
  if (/storageclass that provisions the pvc must support resize/i.test(said)) {
    return [
      'VolumeCannotGrow',
      'its storage class does not let volumes grow: set allowVolumeExpansion: true on the class if its provisioner can do that, or set spec.volume.size back',
    ];
  }
  if (/violates PodSecurity/i.test(said)) {
    return ['PodSecurity', 'choose a level for the namespace that allows what the manifest asks for'];
  }
  return undefined;
}

function refusedByKubernetes(error: ApiError, said: string): Advice {
  const known = knownRefusal(said);
  if (known !== undefined) return known;
  if (error.code === 403) {
    return [
      'Forbidden',
      "give the operator's account this right; `pgherd operator rbac` prints all that it needs",
    ];
  }
  if (error.code === 404 && /namespaces? "/.test(said)) return ['NamespaceMissing', 'make the namespace'];
  if (error.code === 422) {
    return ['ObjectRefused', 'correct the field of the manifest or the configuration that this comes from'];
  }
  return ['StepFailed'];
}

function refusedByPatroni(error: PatroniError): Advice {
  if (error.status === 401) {
    return [
      'PatroniRefuses',
      'its pod started with another password than the Secret …-patroni-api has now: put the former one back, or hand the role over (pgherd switchover) and delete the pod',
    ];
  }
  if (error.status !== undefined) return ['PatroniRefuses'];
  return [
    'PatroniUnreachable',
    'check that the pod runs, and that no NetworkPolicy keeps the operator from its port 8008',
  ];
}

/** By SQLSTATE: PostgreSQL's appendix A. */
function refusedByPostgres({ code = '', connectionLost }: PostgresError): Advice {
  if (code === '28P01' || code === '28000') {
    return [
      'PasswordRefused',
      "the superuser's Secret and the database disagree: set the password in the database to that of the Secret, and see that pg_hba lets the operator in",
    ];
  }
  if (code === '53300') return ['TooManyConnections', 'raise max_connections, or end some connections'];
  if (code === '53100') return ['DiskFull', 'make the volume larger (spec.volume.size)'];
  if (connectionLost) {
    return [
      'PostgresUnreachable',
      'check that the primary runs, and that no NetworkPolicy keeps the operator from its port 5432',
    ];
  }
  return ['PostgresRefuses'];
}

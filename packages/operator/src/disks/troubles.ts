import type { AmazonErrorKind } from '../amazon/amazon-error.ts';
import type { Observed } from '../observe/observed.ts';
import type { Trouble } from '../status/trouble.ts';
import type { DiskFailure } from './disk-sight.ts';

/** Reason for machines, and what to do, by what came of a request to Amazon. */
export const amazonAdvice: Record<AmazonErrorKind, [reason: string, advice: string]> = {
  denied: [
    'AmazonDenies',
    "give the operator's role ec2:DescribeVolumes, ec2:DescribeVolumesModifications and ec2:ModifyVolume (docs/operations/volumes.md)",
  ],
  credentials: [
    'AmazonCredentials',
    "give the operator's pod a role (its service account's eks.amazonaws.com/role-arn) or keys (docs/operations/volumes.md)",
  ],
  throttled: ['AmazonThrottles', 'it is tried again, more slowly'],
  missing: ['DiskUnknown', 'check that aws_region is where the disk is, and whose account it is'],
  cooling: ['DiskNotReady', 'a disk can be changed only a few times a day: it is tried again'],
  refused: ['DiskNotChanged', 'correct spec.volume of the manifest'],
  unreachable: [
    'AmazonUnreachable',
    'check that the pod reaches it (aws_region, AWS_ENDPOINT_URL_EC2, HTTPS_PROXY, NetworkPolicies)',
  ],
};

/** Reasons of troubles with disks. */
export const diskReasons: readonly string[] = [
  ...Object.values(amazonAdvice).map(([reason]) => reason),
  'FileSystemNotGrown',
];

/** What is wrong with a cluster's disks, as far as it concerns it: an API that is away for a moment is none. */
export function diskTroubles({ disks: sight }: Pick<Observed, 'disks'>): Trouble[] {
  if (sight === undefined) return [];
  const { disks, asked, refusals, failure } = sight;
  const isMissing = asked.some((id) => !disks.has(id));
  const lost = asked.filter((id) => disks.has(id) && disks.get(id) === undefined);
  return [
    ...(failure !== undefined && (isMissing || ['denied', 'credentials'].includes(failure.kind))
      ? [troubleOf('the disks are not known', failure)]
      : []),
    ...lost.map((id) => troubleOf(`Amazon knows no disk ${id}`, { kind: 'missing', message: '' })),
    ...[...refusals].flatMap(([id, refusal]) =>
      refusal.kind === 'cooling' ? [] : [troubleOf(`disk ${id} is not changed`, refusal)],
    ),
  ];
}

function troubleOf(what: string, { kind, message }: DiskFailure): Trouble {
  const [reason, advice] = amazonAdvice[kind];
  const said = message === '' ? what : `${what}: ${message.replace(/[.\s]+$/, '')}`;
  return { reason, message: `${said}; ${advice}` };
}

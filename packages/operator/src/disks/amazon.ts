import type { Configuration, Postgresql } from '@pgherd/api';
import { ec2, type Ec2 } from '../amazon/ec2.ts';
import { ec2Query, endpointOf } from '../amazon/query.ts';
import type { Observed } from '../observe/observed.ts';
import type { Settings } from '../settings.ts';
import { claimsOnDisks, diskGoal } from './disk-goal.ts';
import type { DiskSight } from './disk-sight.ts';

/** `aws_region`; where nobody named it, that of the environment, which Amazon's webhooks set in pods. */
export function regionOf({ configuration, named }: Settings, environment: NodeJS.ProcessEnv): string {
  const ofEnvironment = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  return named.has('aws_region') ? configuration.aws_region : ofEnvironment || configuration.aws_region;
}

/** Whether anything is ever asked of Amazon with this configuration. */
export function asksAmazon({ storage_resize_mode: mode }: Configuration): boolean {
  return mode === 'ebs' || mode === 'mixed';
}

/** Asks at once for the disks that a plan would be about; undefined when it is about none. Throws `AmazonError`. */
export async function lookAtDisks(
  manifest: Postgresql,
  { configuration }: Settings,
  observed: Observed,
  api: Ec2,
): Promise<DiskSight | undefined> {
  const goal = diskGoal(manifest, configuration, observed, 0);
  const asked = claimsOnDisks(goal, observed).map(({ disk }) => disk);
  if (asked.length === 0) return undefined;
  const found = new Map((await api.disks(asked)).map((disk) => [disk.id, disk]));
  return { asked, disks: new Map(asked.map((id) => [id, found.get(id)])), refusals: new Map() };
}

/** Amazon's API as settings and environment say; made anew when the region is another one. */
export function amazon(settings: () => Settings, environment: NodeJS.ProcessEnv): () => Ec2 {
  let made: { region: string; api: Ec2 } | undefined;
  return () => {
    const region = regionOf(settings(), environment);
    if (made?.region !== region)
      made = { region, api: ec2(ec2Query({ region, endpoint: endpointOf(environment) })) };
    return made.api;
  };
}

import type { PodTemplateSpec } from '@pgherd/kube/objects';
import { needsRestart } from '@pgherd/postgres';
import { localAnnotation, localVolume } from '../names.ts';
import { leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { isObject } from './list-keys.ts';
import { expectedRestarts } from './restarts.ts';
import { sharedChangeOf } from './shared-parameters.ts';
import type { Step } from './step.ts';

/** What differs in a member's own configuration, by name; undefined: it is not there. */
export interface LocalChange {
  name: string;
  from: unknown;
  to: unknown;
}

/** What a member's own configuration says, from the annotation that its file is made from. */
function settingsOf(annotation: string | undefined): Map<string, unknown> {
  try {
    const section: unknown = JSON.parse(annotation ?? '{}');
    if (!isObject(section)) return new Map();
    const { parameters, ...others } = section;
    return new Map(Object.entries({ ...others, ...(isObject(parameters) ? parameters : {}) }));
  } catch {
    return new Map();
  }
}

/** Between two values of the annotation. */
export function localChanges(before: string | undefined, after: string | undefined): LocalChange[] {
  const [from, to] = [settingsOf(before), settingsOf(after)];
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((name) => ({ name, from: from.get(name), to: to.get(name) }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to));
}

/** Restarts that follow when members read a changed file, as far as is known before Patroni has said so. */
export function localRestarts(
  template: PodTemplateSpec | undefined,
  observed: Observed,
  version: string,
): Step[] {
  const leader = leaderOf(observed);
  if (leader === undefined) return [];
  const wanted = template?.metadata?.annotations?.[localAnnotation];
  const names = observed.members
    .filter(readsFile)
    .flatMap(({ pod }) => localChanges(pod.metadata.annotations?.[localAnnotation], wanted))
    .map(({ name }) => name)
    .filter((name) => needsRestart(name, version));
  if (names.length === 0) return [];
  return expectedRestarts(observed, leader, sharedChangeOf([]), [...new Set(names)]);
}

function readsFile({ pod }: Member): boolean {
  return pod.spec?.volumes?.some(({ name }) => name === localVolume) === true;
}

import { summarise } from '../statistics.ts';
import { nameOf, variantsOf } from './groups.ts';
import { seconds, table } from './markdown.ts';
import type { Phases } from './phases.ts';
import type { Sample } from './sample.ts';
import type { Scene } from './scene.ts';

/** The phases in the order in which they come, and what the tables call them. */
export const phaseTitles: Record<keyof Phases, string> = {
  ended: 'container ended, by the pod’s status',
  cleared: 'lock free',
  taken: 'lock taken',
  served: 'Service leads there',
  labelled: 'role’s label',
  promoting: 'PostgreSQL promotes',
  promoted: 'PostgreSQL is ready',
  written: 'first write',
};

export const phaseNames = Object.keys(phaseTitles) as (keyof Phases)[];

/** Scenes of which phases are told: their fault has a moment. */
export const scenesWithPhases = [
  'kill-synchronous',
  'kill-quorum',
  'kill-quorum-again',
  'kill-asynchronous',
  'kill-asynchronous-again',
  'postmaster',
  'delete',
];

/** Median of each phase, milliseconds after the fault; absent where fewer than half of the samples have it. */
export function medianPhases(samples: readonly Sample[]): Phases {
  const medians = phaseNames.flatMap((phase) => {
    const times = samples.flatMap(({ phases }) => phases?.[phase] ?? []);
    return times.length * 2 > samples.length ? [[phase, summarise(times).p50]] : [];
  });
  return Object.fromEntries(medians) as Phases;
}

/** A Markdown table of medians, seconds after the fault: takeovers and restarts in place apart. */
export function phaseReportOf(scenes: readonly Scene[], samples: readonly Sample[]): string {
  const lines = scenes
    .filter(({ id }) => scenesWithPhases.includes(id))
    .flatMap(({ id, title }) => {
      const own = samples.filter((each) => each.scene === id && each.side === 'pgherd');
      return variantsOf(own).flatMap((variant) =>
        [false, true].flatMap((inPlace) => {
          const group = variant.samples.filter((each) => each.inPlace === inPlace && each.phases);
          if (group.length === 0) return [];
          const medians = medianPhases(group);
          const cells = phaseNames.map((phase) => {
            const at = medians[phase];
            return at === undefined ? '' : seconds(at);
          });
          const who = inPlace ? 'the same comes back' : 'a replica takes over';
          return [[title, who, nameOf(variant), String(group.length), ...cells]];
        }),
      );
    });
  const header = ['fault', 'what happens', 'store, status late by', 'N', ...Object.values(phaseTitles)];
  return table(header, lines);
}

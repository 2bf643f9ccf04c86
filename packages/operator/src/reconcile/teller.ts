import { formatProblem, type Postgresql, type Problem } from '@pgherd/api';
import type { Clock, KubeObject, Logger } from '@pgherd/kube/objects';
import { reasonOf, storyOf, type Storyteller } from '../events/story.ts';
import type { Failure, PlanOutcome } from '../execute/carry-out-plan.ts';
import { isStreaming, type Observed } from '../observe/observed.ts';
import { describePostponed } from '../plan/maintenance.ts';
import type { Plan } from '../plan/step.ts';
import { noteCorrection, type Drift } from './corrections.ts';
import { isNews, type ClusterMemory } from './memory.ts';
import { announcementOf, endOfRollout, replacedPods } from './stalled.ts';

/** Events are longer nowhere: Kubernetes takes 1024 bytes. */
const longestMessage = 1000;

/** Who is told. */
export interface Listeners {
  story: Storyteller;
  log: Logger;
  clock: Clock;
}

/** Says what passes do to clusters: in events for their owners, in the log for the operator's. */
export class Teller {
  readonly #to: Listeners;

  constructor(to: Listeners) {
    this.#to = to;
  }

  /** Once before a rolling update and once after it, in the words that people know; and what waits for a window. */
  announce(manifest: Postgresql, memory: ClusterMemory, plan: Plan, observed: Observed): void {
    this.#announcePostponed(manifest, memory, plan);
    const message = announcementOf(plan);
    const isBack = observed.members.every((member) => isStreaming(observed, member));
    if (message === undefined && !isBack) return;
    const { announced } = memory;
    if (message === undefined) {
      if (announced !== undefined) this.#normal(manifest, 'Update', endOfRollout(plan, announced, observed));
      memory.announced = undefined;
    } else if (announced === undefined) {
      this.#normal(manifest, 'Update', message);
      memory.announced = replacedPods(plan);
    }
  }

  #announcePostponed(manifest: Postgresql, memory: ClusterMemory, plan: Plan): void {
    const message = describePostponed(plan);
    if (message !== undefined) this.once(manifest, memory, 'Postponed', message, 'normal');
  }

  /** What was done, and what failed. */
  steps(manifest: Postgresql, memory: ClusterMemory, done: PlanOutcome['done'], failures: Failure[]): void {
    const { log } = this.#to;
    for (const { step, report } of done) {
      const notes = report.notes.length > 0 ? { notes: report.notes } : {};
      log.info({ cluster: keyOf(manifest), step: step.what, why: step.why, ...notes }, 'step done');
    }
    for (const { reason, message } of storyOf(done)) this.#normal(manifest, reason, message);
    for (const { step, message } of failures) {
      this.once(manifest, memory, reasonOf(step, false), `${step.what} failed: ${message}`);
    }
  }

  /** What somebody changed by hand, and was put right. */
  drifts(
    manifest: Postgresql,
    memory: ClusterMemory,
    observed: Observed,
    drifts: Drift[],
    { done }: PlanOutcome,
  ): void {
    for (const drift of drifts) {
      if (!done.some(({ step }) => step === drift.step)) continue;
      const warning = noteCorrection(memory.corrections, drift, observed, this.#to.clock.now());
      this.#drift(manifest, warning ?? drift.message);
    }
  }

  /** The same, inside PostgreSQL; a line each. */
  databaseDrift(manifest: Postgresql, lines: readonly string[]): void {
    if (lines.length > 0) this.#drift(manifest, `put right inside PostgreSQL: ${lines.join(', ')}`);
  }

  /** What is odd about the manifest. */
  problems(manifest: Postgresql, memory: ClusterMemory, problems: Problem[]): void {
    for (const problem of problems)
      this.once(manifest, memory, problem.reason ?? 'Manifest', formatProblem(problem));
  }

  /** Told again for the next generation of the manifest: then somebody has just looked at it. */
  once(
    manifest: Postgresql,
    memory: ClusterMemory,
    reason: string,
    message: string,
    type: 'warning' | 'normal' = 'warning',
  ): void {
    const { story, log } = this.#to;
    // A step that goes well may be worded otherwise each time.
    const id = [manifest.metadata.generation ?? 0, reason, ...(type === 'normal' ? [] : [message])].join(' ');
    if (!isNews(memory.told, id)) return;
    if (type === 'warning') log.warn({ cluster: keyOf(manifest), reason }, message);
    story[type](eventTarget(manifest), reason, message.slice(0, longestMessage));
  }

  /** The cluster's word of state is another one; `told`: what an event says of it. */
  stateChanged(manifest: Postgresql, from: string, to: string, told?: string): void {
    this.#to.log.info({ cluster: keyOf(manifest), from, to }, 'status changed');
    if (told !== undefined) this.#normal(manifest, to, told);
  }

  #drift(manifest: Postgresql, message: string): void {
    const short = message.slice(0, longestMessage);
    this.#to.log.warn({ cluster: keyOf(manifest), reason: 'Drift' }, short);
    this.#to.story.warning(eventTarget(manifest), 'Drift', short);
  }

  #normal(manifest: Postgresql, reason: string, message: string): void {
    this.#to.story.normal(eventTarget(manifest), reason, message.slice(0, longestMessage));
  }
}

/** `namespace/name` */
export function keyOf(manifest: Postgresql): string {
  return `${manifest.metadata.namespace ?? ''}/${manifest.metadata.name}`;
}

function eventTarget(manifest: Postgresql): KubeObject {
  return manifest;
}

import { formatProblem, readStatus, withCurrentFields, type Postgresql, type Problem } from '@pgherd/api';
import { isConflict } from '@pgherd/kube/client';
import type { Clock, Logger } from '@pgherd/kube/objects';
import { done, requeueAfter, type Result } from '@pgherd/kube/queue';
import type { PatroniClient } from '@pgherd/patroni';
import type { DiskSight } from '../disks/disk-sight.ts';
import { newsOf, type Storyteller } from '../events/story.ts';
import { carryOutPlan, isApiServerAway, type Failure, type PlanOutcome } from '../execute/carry-out-plan.ts';
import type { Hands } from '../execute/executor.ts';
import { kinds, postgresqls } from '../kinds.ts';
import { controllerAnnotation, finalizer } from '../names.ts';
import { idleReplicas } from '../healing/idle-replica.ts';
import { idleTroubles } from '../healing/rebuild.ts';
import { observe } from '../observe/observe.ts';
import { find, type Member, type Observed } from '../observe/observed.ts';
import type { ObjectSource } from '../observe/source.ts';
import { startedBefore } from '../observe/started-before.ts';
import type { ClusterPeople } from '../people/cluster-people.ts';
import { postponedUntil } from '../plan/maintenance.ts';
import { plan } from '../plan/plan.ts';
import { stepsOf, type Plan, type Step } from '../plan/step.ts';
import type { Settings } from '../settings.ts';
import { timeOf } from '../status/time.ts';
import type { Trouble } from '../status/trouble.ts';
import { MissingPods } from './missing-pods.ts';
import { failedBefore } from '../status/phase.ts';
import { computeStatus, type StatusInput } from '../status/status.ts';
import { writeStatus } from '../status/write.ts';
import { assess } from './assess.ts';
import { busyPoolersAfter, patientWithPoolers } from './busy-poolers.ts';
import { noteWrites, temper, type Tempered } from './corrections.ts';
import { DatabaseDrift, type DriftQuestion } from './database-drift.ts';
import { Deletion } from './deletion.ts';
import { addFinalizer, removeFinalizer, wantsFinalizer } from './finalizer.ts';
import { Vanished } from './vanished.ts';
import type { PassGoal } from './goal.ts';
import { Inquiry } from './inquiry.ts';
import { Memories, type ClusterMemory } from './memory.ts';
import { passGoal, roleSecrets } from './pass-goal.ts';
import { refusalAfter, waitAfterRefusal } from './refusals.ts';
import { settlesIn, stalledBecause, waitingOf } from './stalled.ts';
import { keyOf, Teller } from './teller.ts';

/** What a reconciler works with. */
export interface ReconcilerOptions {
  /** Asked at every pass: a changed configuration is taken by the next one. */
  settings: () => Settings;
  /** Which operator this is, if there are several; '' is the one for manifests that name none. */
  controllerId: string;
  /** Current manifest of a cluster, from the watch cache. */
  manifest(namespace: string, name: string): Postgresql | undefined;
  source: ObjectSource;
  /** Who may log in to a manifest's cluster; absent: nobody looks. */
  people?: (manifest: Postgresql) => ClusterPeople;
  /** How many bytes a pod was behind the primary when it last said where it is. */
  lagOf?: (namespace: string, pod: string) => number | undefined;
  /** How full the volumes of a cluster are; absent: nobody looks. */
  usageOf?: (namespace: string, name: string) => Pick<Observed, 'usage' | 'usageSince' | 'forecasts'>;
  /** What is known of the disks below its volumes; absent: nobody asks. */
  disksOf?: (manifest: Postgresql, observed: Observed) => DiskSight | undefined;
  /** Told of what a pass changed in a cluster (`namespace/name`), a line for each step. */
  changed?: (cluster: string, change: { startedAt: Date; finishedAt: Date; lines: string[] }) => void;
  hands: Hands;
  /** Patroni's REST API at a pod's address, with little patience: for looking, not for acting. */
  askPatroni(address: string): PatroniClient;
  story: Storyteller;
  log: Logger;
  clock: Clock;
  newPassword(): string;
}

/** Looking again costs nothing, because it is done in memory; it only guards against an event that never comes. */
const lookAgainMs = 30_000;

/** Steps of a pass failed; they were told each on its own. */
class PassFailedError extends Error {
  constructor(failures: Failure[]) {
    super(failures.map(describeFailure).join('; '));
    this.name = 'PassFailedError';
  }
}

/** The world as it was looked at, and what should be. */
interface Look {
  observed: Observed;
  pass: PassGoal;
  plan: Plan;
}

/** What the status is about. */
type Standing = Pick<StatusInput, 'observed' | 'plan' | 'instances' | 'secrets'> &
  Partial<Pick<StatusInput, 'problems' | 'failures' | 'origin' | 'idle' | 'writesStopped'>>;

function standingOf({ observed, pass, plan: left }: Look): Standing {
  const origin = pass.goal.maintenance?.origin;
  return {
    observed,
    plan: left,
    ...(origin === undefined ? {} : { origin }),
    idle: idleTroubles(pass.goal.healing, observed),
    instances: pass.instances,
    writesStopped: pass.isBraked,
    secrets: roleSecrets(pass, observed.name),
  };
}

/** Not a failed step, not a server that is away, not somebody else who was faster. */
function isUnexpected(error: unknown): boolean {
  return !(error instanceof PassFailedError || isConflict(error) || isApiServerAway(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** With the queue's delays these take about half a minute. */
const toleratedFailures = 6;

/** One cluster, one pass: observe, plan, carry out what can be done now, say how it stands. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #memories = new Memories();
  /** Clusters whose manifests named another operator when they were last seen: what is left of them is its concern. */
  readonly #foreign = new Set<string>();
  readonly #deletion: Deletion;
  readonly #vanished: Vanished;
  readonly #inquiry: Inquiry;
  readonly #missingPods: MissingPods;
  readonly #databaseDrift: DatabaseDrift;
  readonly #teller: Teller;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#teller = new Teller(options);
    this.#deletion = new Deletion(options);
    this.#vanished = new Vanished(options, this.#deletion);
    this.#missingPods = new MissingPods(options.hands.client, options.clock);
    this.#databaseDrift = new DatabaseDrift(options.hands.database, options.clock);
    this.#inquiry = new Inquiry((address) => options.askPatroni(address), options.clock);
  }

  /** Throws when something failed; the queue then comes again, later each time. */
  async reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const [namespace = '', name = ''] = key.split('/');
    const manifest = this.#options.manifest(namespace, name);
    if (manifest === undefined) {
      if (this.#foreign.has(key)) return done;
      const { result, isOver } = await this.#vanished.run(
        { namespace, name },
        this.#memories.find(key),
        signal,
      );
      if (isOver) this.#memories.forget(key);
      return result;
    }
    if (!isOwn(manifest, this.#options.controllerId)) {
      this.#memories.forget(key);
      this.#foreign.add(key);
      return done;
    }
    this.#foreign.delete(key);
    const memory = this.#memories.of(key, manifest);
    try {
      return await this.#lookAfter(manifest, memory, signal);
    } catch (error) {
      if (isUnexpected(error))
        this.#teller.once(manifest, memory, 'Sync', `the pass failed: ${messageOf(error)}`);
      throw error;
    }
  }

  async #lookAfter(written: Postgresql, memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    if (written.metadata.deletionTimestamp !== undefined) return this.#deletion.run(written, memory, signal);

    const settings = this.#options.settings();
    const { manifest, errors, warnings } = assess(written, settings, this.#observe(written, memory));
    if (errors.length > 0) return this.#refuse(manifest, errors, memory);
    this.#teller.problems(manifest, memory, warnings);
    return this.#pass(await this.#withFinalizer(manifest, memory), memory, signal);
  }

  /** An invalid manifest changes nothing but its own status. */
  async #refuse(manifest: Postgresql, errors: Problem[], memory: ClusterMemory): Promise<Result> {
    const observed = await this.#inquiry.ask(this.#observe(manifest, memory), memory.inquiry);
    for (const problem of errors) this.#teller.once(manifest, memory, 'Invalid', formatProblem(problem));
    const nothing: Plan = { tracks: [] };
    const instances = readStatus(manifest.status).instances ?? 0;
    await this.#report(manifest, { observed, plan: nothing, instances, secrets: [], problems: errors });
    return this.#later(memory, true, nothing);
  }

  async #pass(manifest: Postgresql, memory: ClusterMemory, signal: AbortSignal): Promise<Result> {
    const looked = await this.#lookInside(manifest, memory, await this.#look(manifest, memory));
    const { drifts, refused, ...before } = this.#temper(memory, looked);
    if (find(before.observed, kinds.statefulSet, before.observed.name) === undefined) {
      this.#teller.once(manifest, memory, 'Create', 'creating the cluster', 'normal');
    }
    this.#teller.announce(manifest, memory, before.plan, before.observed);
    const previous = readStatus(this.#latest(manifest).status);
    const isRepeated = failedBefore(previous, manifest.metadata.generation ?? 0);
    if (stepsOf(before.plan).some(isFelt) && !isRepeated) {
      await this.#report(manifest, standingOf(before));
    }
    const startedAt = new Date(this.#options.clock.now());
    const outcome = await carryOutPlan(
      this.#options.hands,
      {
        namespace: before.observed.namespace,
        name: before.observed.name,
        superuser: before.pass.superuser,
        declared: before.pass.declared,
        startedBefore: (role) => startedBeforePassword(before, role),
        rolesSeen: (roles) => (memory.databaseRoles = roles),
        formerPassword: memory.superuserPassword,
        letIn: () => (memory.superuserPassword = before.pass.superuser?.password),
        databaseDone: (fingerprint) => this.#databaseDone(manifest, memory, fingerprint),
      },
      before.plan,
      signal,
    );
    const steps = outcome.done.map(({ step }) => step);
    this.#inquiry.noteSteps(memory.inquiry, steps, before.observed, stepsOf(before.plan));
    const { generation = 0 } = manifest.metadata;
    memory.refusal = refusalAfter(memory.refusal, outcome, generation, this.#options.clock.now());
    memory.busyPoolers = busyPoolersAfter(memory.busyPoolers, outcome, this.#options.clock.now());
    const serious = this.#seriousFailures(memory, outcome);
    this.#teller.steps(manifest, memory, outcome.done, serious);
    noteWrites(memory.corrections, steps, before.observed);
    this.#teller.drifts(manifest, memory, before.observed, drifts, outcome);
    const lines = newsOf(outcome.done);
    const finishedAt = new Date(this.#options.clock.now());
    if (lines.length > 0) this.#options.changed?.(keyOf(manifest), { startedAt, finishedAt, lines });
    const after =
      outcome.done.length > 0
        ? this.#temper(memory, await this.#look(this.#latest(manifest), memory))
        : before;
    const stalled = this.#stalled(manifest, memory, after);
    const failures = [
      ...[...serious, ...refused].map((failure) => ({
        reason: failure.reason,
        message: describeFailure(failure),
      })),
      ...(stalled === undefined ? [] : [{ reason: 'RolloutStopped', message: stalled }]),
      ...(await this.#missing(manifest, memory, after)),
    ];
    const isComplete = await this.#report(manifest, { ...standingOf(after), failures });
    if (outcome.failures.length > 0) throw new PassFailedError(outcome.failures);
    const result = this.#later(memory, isComplete, after.plan);
    const driftMs = this.#databaseDrift.next(this.#driftQuestion(after), memory.round);
    const rotationMs = (after.pass.nextRotationAt ?? 0) - this.#options.clock.now();
    const windowAt = postponedUntil(after.plan);
    const windowMs = windowAt === undefined ? undefined : windowAt - this.#options.clock.now();
    const moments = [after.nextMs, driftMs, rotationMs > 0 ? rotationMs : undefined, windowMs];
    return soonestOf(result, moments, nextOf(after.plan));
  }

  /** Looks into PostgreSQL as well when it is time. What was changed by hand there is work like any other. */
  async #lookInside(manifest: Postgresql, memory: ClusterMemory, looked: Look): Promise<Look> {
    const found = await this.#databaseDrift.find(this.#driftQuestion(looked), memory.round);
    if (found.length === 0) return looked;
    memory.databaseFingerprint = undefined;
    memory.databaseDrift = found;
    return this.#look(manifest, memory);
  }

  #driftQuestion({ observed, pass }: Look): DriftQuestion {
    return { observed, pass, periodMs: this.#options.settings().configuration.resync_period };
  }

  #databaseDone(manifest: Postgresql, memory: ClusterMemory, fingerprint: string): void {
    memory.databaseFingerprint = fingerprint;
    const drift = memory.databaseDrift;
    memory.databaseDrift = [];
    this.#teller.databaseDrift(manifest, drift);
  }

  /** What others change again and again is put right more slowly, and what PostgreSQL refuses is tried so. */
  #temper(memory: ClusterMemory, look: Look): Look & Tempered & { refused: Failure[] } {
    const now = this.#options.clock.now();
    const tempered = temper(memory.corrections, look.pass.goal.objects, look.observed, look.plan, now);
    const { generation = 0 } = memory.manifest.metadata;
    const {
      plan: patient,
      failures: refused,
      nextMs,
    } = waitAfterRefusal(memory.refusal, tempered.plan, generation, now);
    const { connection_pooler_pause_patience: patienceMs } = look.pass.configuration;
    const poolers = patientWithPoolers(memory.busyPoolers, patient, patienceMs, now);
    const soonest = Math.min(tempered.nextMs ?? Infinity, nextMs ?? Infinity, poolers.nextMs ?? Infinity);
    return {
      ...look,
      ...tempered,
      plan: poolers.plan,
      nextMs: Number.isFinite(soonest) ? soonest : undefined,
      refused,
    };
  }

  async #missing(manifest: Postgresql, memory: ClusterMemory, { observed }: Look): Promise<Trouble[]> {
    memory.missingPods = await this.#missingPods.look(observed, memory.missingPods);
    const trouble = memory.missingPods?.trouble;
    if (trouble === undefined) return [];
    this.#teller.once(manifest, memory, 'StatefulSet', trouble.message);
    return [trouble];
  }

  #stalled(manifest: Postgresql, memory: ClusterMemory, { observed, plan, pass }: Look): string | undefined {
    const now = this.#options.clock.now();
    memory.waiting = waitingOf(plan, memory.waiting, now);
    const message = stalledBecause(observed, memory.waiting, now, pass.patienceMs);
    if (message !== undefined) this.#teller.once(manifest, memory, 'Update', message);
    return message;
  }

  #later(memory: ClusterMemory, isComplete: boolean, left: Plan): Result {
    const asked = this.#inquiry.next(memory.inquiry) ?? this.#missingPods.next(memory.missingPods);
    const ask = asked ?? settlesIn(memory.waiting);
    if (ask !== undefined) return requeueAfter(ask, nextOf(left));
    return isComplete ? done : requeueAfter(lookAgainMs, nextOf(left));
  }

  /** The manifest that this pass is about, with what was written to it since. */
  #latest(manifest: Postgresql): Postgresql {
    const { namespace = '', name, uid, annotations } = manifest.metadata;
    const known = this.#options.manifest(namespace, name);
    if (known === undefined || known.metadata.uid !== uid) return manifest;
    const { annotations: written = annotations } = known.metadata;
    const metadata = { ...manifest.metadata, ...(written === undefined ? {} : { annotations: written }) };
    return { ...manifest, metadata, ...(known.status === undefined ? {} : { status: known.status }) };
  }

  /** What passes by itself is not worth telling, unless it does not. */
  #seriousFailures(memory: ClusterMemory, { failures }: PlanOutcome): Failure[] {
    const transient = failures.some((failure) => failure.transient);
    memory.transientFailures = transient ? memory.transientFailures + 1 : 0;
    return failures.filter((failure) => !failure.transient || memory.transientFailures > toleratedFailures);
  }

  async #look(manifest: Postgresql, memory: ClusterMemory): Promise<Look> {
    const observed = await this.#inquiry.ask(this.#observe(manifest, memory), memory.inquiry);
    const now = this.#options.clock.now();
    memory.idle = idleReplicas(observed, memory.idle, now);
    const pass = await passGoal(manifest, this.#options.settings(), observed, memory, {
      now,
      idle: memory.idle,
      newPassword: () => this.#options.newPassword(),
    });
    return { observed, pass, plan: plan(pass.goal, observed) };
  }

  #observe(manifest: Postgresql, memory: ClusterMemory): Observed {
    const cluster = { namespace: manifest.metadata.namespace ?? '', name: manifest.metadata.name };
    const observed = observe(this.#options.source, this.#options.settings().configuration, cluster, memory);
    const people = this.#options.people?.(manifest);
    const usage = this.#options.usageOf?.(cluster.namespace, cluster.name);
    const disks = this.#options.disksOf?.(manifest, observed);
    return {
      ...observed,
      ...usage,
      ...(people === undefined ? {} : { people }),
      ...(disks === undefined ? {} : { disks }),
    };
  }

  async #withFinalizer(manifest: Postgresql, memory: ClusterMemory): Promise<Postgresql> {
    const { settings, hands } = this.#options;
    const observed = this.#observe(manifest, memory);
    const exists = find(observed, kinds.statefulSet, observed.name) !== undefined;
    const isWanted = wantsFinalizer(settings(), manifest, exists);
    if (isWanted === (manifest.metadata.finalizers?.includes(finalizer) === true)) return manifest;
    const written = isWanted
      ? await addFinalizer(hands.client, manifest)
      : await removeFinalizer(hands.client, manifest);
    if (written === undefined) return manifest;
    hands.written(postgresqls, written);
    return withCurrentFields(written as Postgresql).manifest;
  }

  /** Writes the status if it changed. Answers whether the cluster is as it should be. */
  async #report(manifest: Postgresql, standing: Standing): Promise<boolean> {
    const { hands, clock } = this.#options;
    const latest = this.#latest(manifest);
    const previous = readStatus(latest.status);
    const status = computeStatus({
      generation: manifest.metadata.generation ?? 0,
      previous,
      problems: [],
      failures: [],
      ...standing,
      lagOf: (pod) => this.#options.lagOf?.(standing.observed.namespace, pod),
      now: timeOf(clock),
    });
    const written = await writeStatus(hands.client, latest, status);
    if (written !== undefined) hands.written(postgresqls, written);
    const [word, wordBefore] = [status.PostgresClusterStatus ?? '', previous.PostgresClusterStatus ?? ''];
    if (word !== wordBefore) {
      const members = `${status.readyInstances ?? 0} of ${standing.instances} members stream`;
      const told = `${members}, ${status.primary ?? 'nobody'} is primary`;
      this.#teller.stateChanged(manifest, wordBefore, word, word === 'Running' ? told : undefined);
    }
    return word === 'Running' || word === 'Invalid';
  }
}

/** Comes again at the first of the moments that there are, in milliseconds from now. */
function soonestOf(result: Result, moments: readonly (number | undefined)[], why: string): Result {
  const all = [...moments, result.kind === 'requeueAfter' ? result.ms : undefined];
  const soonest = Math.min(...all.map((ms) => ms ?? Infinity));
  return Number.isFinite(soonest) ? requeueAfter(soonest, why) : result;
}

/** Members of which Patroni, told in variables of its pod, may log in as this role with a former password. */
function startedBeforePassword({ observed, pass }: Look, role: string): Member[] {
  const secret = pass.systemSecrets.get(role);
  return secret === undefined ? [] : startedBefore(observed, secret);
}

/** Another operator's clusters are as good as not there. */
export function isOwn({ metadata }: Postgresql, controllerId: string): boolean {
  return (metadata.annotations?.[controllerAnnotation] ?? '') === controllerId;
}

/** Users feel it, and it takes its time: the status tells of it beforehand. */
function isFelt({ disturbs, waitFor }: Step): boolean {
  return waitFor === undefined && ['restart', 'switchover', 'downtime'].includes(disturbs);
}

function describeFailure({ step, message }: Failure): string {
  return `${step.what}: ${message}`;
}

function nextOf(left: Plan): string {
  const [next] = stepsOf(left);
  return next?.waitFor ?? next?.what ?? 'members to stream';
}

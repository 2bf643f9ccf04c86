import { createHash } from 'node:crypto';
import { elapsedMs, type KubeObject } from '@pgherd/kube/objects';
import { describe, kinds, objectKey, type Desired, type Kind } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import { findIn, type Observed } from '../observe/observed.ts';
import { missing } from '../plan/objects.ts';
import type { Plan, Step, Track } from '../plan/step.ts';

/** So often somebody may change an object before putting it right is slowed down. */
const patience = 3;
/** What was longer ago is forgotten. */
const forgetAfterMs = 10 * 60_000;
/** The first delay; it doubles each time. */
const firstDelayMs = 30_000;
const longestDelayMs = 10 * 60_000;

/** What is remembered of the changes that others made to the objects of one cluster. */
export interface CorrectionMemory {
  /** What was wanted when all objects were last as they should be. */
  settled: string | undefined;
  /** What was written for which wish: the same again means that somebody has undone it. */
  written: { wanted: string; steps: Set<string> };
  /** When objects were put right lately, by object. */
  times: Map<string, number[]>;
}

export function newCorrectionMemory(): CorrectionMemory {
  return { settled: undefined, written: { wanted: '', steps: new Set() }, times: new Map() };
}

/** A change that somebody else made, and that a step puts right. */
export interface Drift {
  step: Step;
  /** One sentence for people: what was changed, by whom as far as it is known. */
  message: string;
}

/** A plan in which objects that somebody changes again and again are put right more and more slowly. */
export interface Tempered {
  plan: Plan;
  drifts: Drift[];
  /** When the next delayed step may be done, in milliseconds from now; undefined when none is delayed. */
  nextMs: number | undefined;
}

/**
 * Tells what others changed from what the manifest or the configuration changed: the same is wanted as when everything
 * stood last, and yet something is different; or what was written for this very wish has to be written again.
 */
export function temper(
  memory: CorrectionMemory,
  desired: Desired[],
  observed: Observed,
  plan: Plan,
  now: number,
): Tempered {
  const wanted = fingerprintOf(desired);
  const writes = plan.tracks.flatMap(({ steps }) => steps).filter(isWrite);
  if (writes.length === 0) memory.settled = wanted;
  if (memory.written.wanted !== wanted) memory.written = { wanted, steps: new Set() };
  const isUndone = (step: Write) =>
    // What is in a Secret may change with time, and with what it says itself.
    (memory.settled === wanted && !isUnwritten(step, observed) && !isContents(step.action)) ||
    memory.written.steps.has(idOf(step, observed));
  const written = writes.filter(isUndone);
  const delays = new Map<Step, number>();
  for (const step of written) {
    const delay = delayOf(memory, keyOf(step, observed), now);
    if (delay > 0) delays.set(step, delay);
  }
  const drifts = written
    .filter((step) => step.waitFor === undefined && !delays.has(step))
    .map((step) => ({ step, message: messageOf(step, observed) }));
  const tempered = { tracks: plan.tracks.map((track) => withDelays(track, delays)) };
  return { plan: tempered, drifts, nextMs: delays.size > 0 ? Math.min(...delays.values()) : undefined };
}

/** Notes that a drift was put right. Answers a warning when somebody seems to fight. */
export function noteCorrection(
  memory: CorrectionMemory,
  { step, message }: Drift,
  observed: Observed,
  now: number,
): string | undefined {
  const key = keyOf(step, observed);
  const times = [...recent(memory, key, now), now];
  memory.times.set(key, times);
  if (times.length < patience) return undefined;
  const seconds = Math.round(delayAfter(times.length) / 1000);
  return `${message}. That was the ${times.length}th time in ${forgetAfterMs / 60_000} minutes: somebody writes against pgherd, so it waits ${seconds} s before it puts this right again. Stop the other one, or name the annotation in ignored_annotations if it is one`;
}

/** Notes what a pass has written. */
export function noteWrites(memory: CorrectionMemory, steps: readonly Step[], observed: Observed): void {
  for (const step of steps) if (isWrite(step)) memory.written.steps.add(idOf(step, observed));
}

/** The same change of the same object. */
function idOf(step: Write, observed: Observed): string {
  return [keyOf(step, observed), ...step.why].join('\n');
}

type Write = Step & { action: Extract<Step['action'], { type: 'apply' | 'create' | 'patch' }> };

/** Of patches only those of Secrets; a rotation has its date among its reasons, and so is no repetition. */
function isWrite(step: Step): step is Write {
  const { action } = step;
  return action.type === 'apply' || action.type === 'create' || isContents(action);
}

function isContents(action: Step['action']): boolean {
  return action.type === 'patch' && action.kind.plural === kinds.secret.plural;
}

/** The object that is written. */
function targetOf({ action }: Write, observed: Observed): { kind: Kind; namespace: string; name: string } {
  if (action.type === 'patch') return action;
  const { kind, object } = action;
  const { name = '', namespace = observed.namespace } = object.metadata;
  return { kind, namespace, name };
}

/** Others have made it, and we have never written it: Patroni makes some of its objects when it first needs them. */
function isUnwritten(step: Write, observed: Observed): boolean {
  const { kind, namespace, name } = targetOf(step, observed);
  const writers = findIn(observed, kind, namespace, name)?.metadata.managedFields ?? [];
  return writers.length > 0 && !writers.some(({ manager }) => manager === fieldManager);
}

function keyOf(step: Step, observed: Observed): string {
  if (!isWrite(step)) return step.what;
  const { kind, namespace, name } = targetOf(step, observed);
  return objectKey(kind, namespace, name);
}

function recent(memory: CorrectionMemory, key: string, now: number): number[] {
  return (memory.times.get(key) ?? []).filter((time) => elapsedMs(time, now) < forgetAfterMs);
}

function delayAfter(count: number): number {
  return count < patience ? 0 : Math.min(firstDelayMs * 2 ** (count - patience), longestDelayMs);
}

function delayOf(memory: CorrectionMemory, key: string, now: number): number {
  const times = recent(memory, key, now);
  if (times.length === 0) memory.times.delete(key);
  return (times.at(-1) ?? 0) + delayAfter(times.length) - now;
}

/** What is delayed comes last, so that it holds up nothing else. */
function withDelays(track: Track, delays: Map<Step, number>): Track {
  if (!track.steps.some((step) => delays.has(step))) return track;
  const steps = track.steps.map((step) =>
    delays.has(step) ? { ...step, waitFor: 'nobody has changed it back for a while' } : step,
  );
  const isDelayed = (index: number) => Number(delays.has(track.steps[index] ?? ({} as Step)));
  const order = steps.map((step, index) => ({ step, index }));
  // The steps of pods depend on each other.
  if (track.name !== 'pods') order.sort((a, b) => isDelayed(a.index) - isDelayed(b.index));
  return { ...track, steps: order.map(({ step }) => step) };
}

function messageOf(step: Write, observed: Observed): string {
  const { kind, namespace, name } = targetOf(step, observed);
  const what = describe(kind, name);
  const live = findIn(observed, kind, namespace, name);
  if (live === undefined || step.why.includes(missing))
    return `${what} was deleted by somebody and is made again`;
  const by = lastOther(live);
  return `${what} was changed${by === undefined ? ' by somebody' : ` by ${by}`} and is put right: ${step.why.join('; ')}`;
}

/** Who wrote the object last, besides us. */
function lastOther({ metadata }: KubeObject): string | undefined {
  const others = (metadata.managedFields ?? []).filter(
    ({ manager, subresource }) => manager !== fieldManager && (subresource ?? '') === '',
  );
  others.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1));
  return others[0]?.manager;
}

/** Without the contents of Secrets: a password for one that is missing is another each time. */
function fingerprintOf(desired: Desired[]): string {
  const hash = createHash('sha256');
  for (const { kind, object } of desired) {
    hash.update(JSON.stringify(kind === kinds.secret ? object.metadata : object));
  }
  return hash.digest('base64');
}

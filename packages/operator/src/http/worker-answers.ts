import { failure, json, type Answer } from './answer.ts';
import { processAnswer } from './cluster-answers.ts';
import type { Change, LogLine } from './journal.ts';
import { redact, secretValues } from '../redact.ts';
import type { Subject } from './subject.ts';

/** What one worker is asked about. */
type OfWorker = (subject: Subject, id: number) => unknown;

/** Asks every worker: `{"0": …, "1": …}`. */
export function ofAllWorkers(subject: Subject, question: OfWorker): Record<string, unknown> {
  const { workers } = subject.settings().configuration;
  return Object.fromEntries(Array.from({ length: workers }, (_, id) => [String(id), question(subject, id)]));
}

/** Asks one worker, by the number in the path. */
export function ofWorker(subject: Subject, id: string, question: OfWorker): Answer {
  const number = /^\d{1,9}$/.test(id) ? Number(id) : undefined;
  const { workers } = subject.settings().configuration;
  return number === undefined || number >= workers
    ? failure(500, 'could not find worker')
    : json(question(subject, number));
}

/** `"idle"`, or what it does. */
export function workerStatus({ slots }: Subject, id: number): unknown {
  const work = slots.of(id);
  if (work === undefined) return 'idle';
  const [Namespace = '', Name = ''] = work.key.split('/');
  return { CurrentCluster: { Namespace, Name }, CurrentProcess: processAnswer(work) };
}

/** All workers take from one queue; to the eye, its keys are dealt out to them in turn. */
function waitingFor(subject: Subject, id: number): string[] {
  const { workers } = subject.settings().configuration;
  return subject.waiting().filter((_, index) => index % workers === id);
}

/** How many keys each worker has before it. */
export function queueSize(subject: Subject, id: number): number {
  return waitingFor(subject, id).length;
}

/** The keys that wait, and for each the event that it would be in Zalando's operator. */
export function workerQueue(subject: Subject, id: number): unknown {
  const values = secretValues(subject.settings().configuration);
  const now = new Date().toISOString();
  const events = waitingFor(subject, id).map((key) => {
    const manifest = subject
      .manifests()
      .find(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}` === key);
    const uid = manifest?.metadata.uid ?? '';
    return {
      key: `SYNC-${uid === '' ? key : uid}`,
      event: {
        EventTime: now,
        UID: uid,
        EventType: 'SYNC',
        OldSpec: null,
        NewSpec: manifest === undefined ? null : redact(manifest, values),
        WorkerID: id,
      },
    };
  });
  return { Keys: events.map(({ key }) => key), List: events.map(({ event }) => event) };
}

export function workerLogs({ journal }: Subject, id: number): unknown {
  return journal.linesOfWorker(id).map(({ cluster, ...line }) => ({
    ...lineAnswer(line),
    ...(cluster === undefined ? {} : { ClusterName: cluster }),
  }));
}

export function clusterLogs({ journal }: Subject, cluster: string): unknown {
  return journal.linesOfCluster(cluster).map((line) => ({
    ...lineAnswer(line),
    ...(line.worker === undefined ? {} : { Worker: line.worker }),
  }));
}

function lineAnswer({ time, level, message }: Pick<LogLine, 'time' | 'level' | 'message'>) {
  return { Time: time.toISOString(), Level: level, Message: message };
}

export function clusterHistory({ journal }: Subject, cluster: string): unknown {
  return journal.changesOf(cluster).map(({ startedAt, finishedAt, lines }: Change) => ({
    EventTime: startedAt.toISOString(),
    ProcessTime: finishedAt.toISOString(),
    Diff: lines,
  }));
}

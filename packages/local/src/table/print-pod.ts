import type { Cell, Printer } from './column.ts';
import { columns } from './column.ts';
import { humanDuration, since } from './human-duration.ts';
import { at, fields, integer, list, text } from './look.ts';

/** What happened in the containers, gathered the way that `kubectl get pods` sums it up. */
interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: number;
}

const conditionHolds = (pod: unknown, type: string): boolean =>
  list(pod, 'status', 'conditions').some((c) => text(c, 'type') === type && text(c, 'status') === 'True');

function exitText(terminated: unknown): string {
  const reason = text(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = integer(terminated, 'signal');
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${integer(terminated, 'exitCode')}`;
}

function finishedAt(status: unknown): number {
  const time = Date.parse(text(status, 'lastState', 'terminated', 'finishedAt'));
  return Number.isNaN(time) ? 0 : time;
}

/** Init containers with restart policy Always go on running beside the others. */
function sidecarNames(pod: unknown): Set<string> {
  const sidecars = list(pod, 'spec', 'initContainers').filter((c) => text(c, 'restartPolicy') === 'Always');
  return new Set(sidecars.map((c) => text(c, 'name')));
}

function summarize(pod: unknown): Summary {
  const sidecars = sidecarNames(pod);
  const summary: Summary = {
    reason: text(pod, 'status', 'reason') || text(pod, 'status', 'phase'),
    ready: 0,
    restarts: 0,
    lastRestart: 0,
  };
  if (list(pod, 'status', 'conditions').some((c) => text(c, 'reason') === 'SchedulingGated'))
    summary.reason = 'SchedulingGated';
  const ofSidecars = { restarts: 0, lastRestart: 0 };
  let initializing = false;
  for (const [index, status] of list(pod, 'status', 'initContainerStatuses').entries()) {
    const sidecar = sidecars.has(text(status, 'name'));
    summary.restarts += integer(status, 'restartCount');
    summary.lastRestart = Math.max(summary.lastRestart, finishedAt(status));
    if (sidecar) {
      ofSidecars.restarts += integer(status, 'restartCount');
      ofSidecars.lastRestart = Math.max(ofSidecars.lastRestart, finishedAt(status));
    }
    if (initializing) continue;
    const terminated = at(status, 'state', 'terminated');
    const waiting = text(status, 'state', 'waiting', 'reason');
    if (terminated !== undefined && integer(terminated, 'exitCode') === 0) continue;
    if (sidecar && at(status, 'started') === true) {
      if (at(status, 'ready') === true) summary.ready++;
      continue;
    }
    initializing = true;
    if (terminated !== undefined) summary.reason = `Init:${exitText(terminated)}`;
    else if (waiting !== '' && waiting !== 'PodInitializing') summary.reason = `Init:${waiting}`;
    else summary.reason = `Init:${index}/${list(pod, 'spec', 'initContainers').length}`;
  }
  if (!initializing || conditionHolds(pod, 'Initialized')) {
    Object.assign(summary, ofSidecars);
    summarizeContainers(pod, summary);
  }
  return summary;
}

function summarizeContainers(pod: unknown, summary: Summary): void {
  let running = false;
  for (const status of list(pod, 'status', 'containerStatuses').toReversed()) {
    summary.restarts += integer(status, 'restartCount');
    summary.lastRestart = Math.max(summary.lastRestart, finishedAt(status));
    const waiting = text(status, 'state', 'waiting', 'reason');
    const terminated = at(status, 'state', 'terminated');
    if (waiting !== '') summary.reason = waiting;
    else if (terminated !== undefined) summary.reason = exitText(terminated);
    else if (at(status, 'ready') === true && at(status, 'state', 'running') !== undefined) {
      running = true;
      summary.ready++;
    }
  }
  // Some containers are done, others go on: the pod runs.
  if (summary.reason === 'Completed' && running)
    summary.reason = conditionHolds(pod, 'Ready') ? 'Running' : 'NotReady';
}

function statusOf(pod: unknown, reason: string): string {
  if (at(pod, 'metadata', 'deletionTimestamp') === undefined) return reason;
  if (text(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  const phase = text(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating';
}

function podCells(pod: unknown, now: number): Cell[] {
  const summary = summarize(pod);
  const total = list(pod, 'spec', 'containers').length + sidecarNames(pod).size;
  const ago = summary.lastRestart > 0 ? ` (${humanDuration(now - summary.lastRestart)} ago)` : '';
  const gates = list(pod, 'spec', 'readinessGates');
  const open = gates.filter((gate) => conditionHolds(pod, text(gate, 'conditionType'))).length;
  const ip = text(list(pod, 'status', 'podIPs')[0], 'ip') || text(pod, 'status', 'podIP');
  return [
    text(pod, 'metadata', 'name'),
    `${summary.ready}/${total}`,
    statusOf(pod, summary.reason),
    summary.restarts === 0 ? '0' : `${summary.restarts}${ago}`,
    since(fields(pod, 'metadata')['creationTimestamp'], now),
    ip || '<none>',
    text(pod, 'spec', 'nodeName') || '<none>',
    text(pod, 'status', 'nominatedNodeName') || '<none>',
    gates.length === 0 ? '<none>' : `${open}/${gates.length}`,
  ];
}

export const podPrinter: Printer = {
  columns: columns(
    'Name',
    'Ready',
    'Status',
    'Restarts',
    'Age',
    'IP+',
    'Node+',
    'Nominated Node+',
    'Readiness Gates+',
  ),
  cells: podCells,
  conditions: (pod) => {
    const phase = text(pod, 'status', 'phase');
    if (phase !== 'Succeeded' && phase !== 'Failed') return [];
    const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
    return [{ type: 'Completed', status: 'True', reason: phase, message }];
  },
};

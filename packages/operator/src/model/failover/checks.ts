import { asBuilt, guards, startWith, type Guard } from './guards.ts';
import type { Behaviour } from './operator.ts';

/** One search, and what it must find. */
export interface Check {
  name: string;
  behaviour: Behaviour;
  where: Guard['where'];
  faults: Guard['faults'];
  /** Whether there is no way to harm, or whether there must be one: an assumption is left out, or a guard. */
  expect: 'safe' | 'harm';
  /** For more than every run of the tests has time for. */
  deep?: boolean;
}

const modes = ['async', 'sync', 'quorum'] as const;

/** In which ways primaries die and pods come and go. */
const stories: Omit<Check, 'behaviour' | 'expect'>[] = [
  { name: 'a container dies and is restarted in place', where: {}, faults: { kills: 1 } },
  { name: 'the same, and time passes', where: {}, faults: { kills: 1, ticks: 2 }, deep: true },
  { name: 'two containers die', where: {}, faults: { kills: 2 }, deep: true },
  { name: 'two operators, and restarts of them', where: { operators: 2 }, faults: { kills: 1, forgets: 1 } },
  { name: 'PostgreSQL dies alone, then its container', where: {}, faults: { kills: 1, crashes: 1 } },
  {
    name: 'a primary gives up without the API server, and a container dies',
    where: {},
    faults: { kills: 1, demotions: 1 },
  },
  {
    name: 'a container dies, and PostgreSQL in the next one takes too long to start',
    where: {},
    faults: { kills: 1, slowStarts: 1 },
  },
  {
    name: 'PostgreSQL dies alone and takes too long to start',
    where: {},
    faults: { crashes: 1, slowStarts: 1 },
  },
  { name: 'a pod is deleted by force and made again', where: {}, faults: { recreations: 1, ticks: 2 } },
  {
    name: 'a pod is deleted by force and made again, its store has no uid and no address',
    where: { store: 'configmaps' },
    faults: { recreations: 1, ticks: 2 },
  },
  {
    name: 'a pod is deleted by force, and a container dies',
    where: {},
    faults: { recreations: 1, kills: 1 },
    deep: true,
  },
  { name: 'Kubernetes loses track, a sidecar ends', where: {}, faults: { lost: 1, sidecars: 1, ticks: 2 } },
  { name: 'the first process ends and PostgreSQL goes on', where: {}, faults: { orphans: 1, ticks: 2 } },
  { name: 'somebody pauses Patroni', where: {}, faults: { kills: 1, pauses: 1 } },
  {
    name: 'the clock is set back while the container is down, and the kubelet tells at once',
    where: { prompt: true },
    faults: { kills: 1, jumpsAtRest: 1 },
  },
  {
    name: 'a Patroni is held up for longer than its lease: no worse than without the operator',
    where: { tolerant: true },
    faults: { kills: 1, stalls: 1 },
  },
];

/** Each with two members, and with three, which quorum needs to be one. */
const safe: Check[] = modes.flatMap((mode) =>
  ([2, 3] as const).flatMap((members) =>
    stories.map((story): Check => ({
      ...story,
      where: { ...story.where, mode, members },
      behaviour: asBuilt,
      expect: 'safe',
      deep: story.deep === true || members === 3,
    })),
  ),
);

/** What has to be assumed: without it there is harm, with every guard in place or with no operator at all. */
const assumptions: Check[] = [
  {
    name: 'Patroni alone, asynchronous: a Patroni is held up for longer than its lease while PostgreSQL goes on',
    behaviour: asBuilt,
    where: { operators: 0 },
    faults: { stalls: 1 },
    expect: 'harm',
  },
  {
    name: 'Patroni alone, quorum: the same',
    behaviour: asBuilt,
    where: { operators: 0, mode: 'quorum' },
    faults: { stalls: 1 },
    expect: 'harm',
  },
  {
    name: 'Patroni alone, synchronous: the same, after it renewed and before it changed its standby',
    behaviour: asBuilt,
    where: { operators: 0, mode: 'sync' },
    faults: { stalls: 1 },
    expect: 'harm',
  },
  {
    name: 'Patroni alone, quorum: a new primary dies before it has written itself into the sync object',
    behaviour: asBuilt,
    where: { operators: 0, mode: 'quorum', lateSync: true },
    faults: { demotions: 1, kills: 1 },
    expect: 'harm',
  },
  {
    name: 'the clock of a node is set back while its kubelet is late',
    behaviour: asBuilt,
    where: { members: 2 },
    faults: { kills: 1, jumpsAtRest: 1 },
    expect: 'harm',
  },
  {
    name: 'the clock of a node is set back between the start of a container and its first renewal',
    behaviour: asBuilt,
    where: { members: 2, prompt: true },
    faults: { kills: 1, jumps: 1 },
    expect: 'harm',
  },
];

/** All that is searched: what must be safe, what must be assumed, and every guard taken away by itself. */
export const checks: Check[] = [
  ...safe,
  ...assumptions,
  ...guards.map(({ name, without, where, faults }): Check => ({
    name: `without: ${name}`,
    behaviour: without,
    where,
    faults,
    expect: 'harm',
  })),
];

export { startWith };

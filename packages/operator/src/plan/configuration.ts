import { isDeepStrictEqual } from 'node:util';
import { needsRestart } from '@pgherd/postgres';
import { redact } from '../redact.ts';
import { leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { isObject } from './list-keys.ts';
import { expectedRestarts, pendingRestarts } from './restarts.ts';
import { isSameForAll, sharedChangeOf } from './shared-parameters.ts';
import { followsTheSame, roleChange, standbyKey } from './standby-cluster.ts';
import type { Step } from './step.ts';

/** Patroni's dynamic configuration as the manifest wants it, and what it set before. */
export interface ConfigurationGoal {
  wanted: Record<string, unknown>;
  /** Paths that were set by earlier versions of the manifest, from the annotation; undefined: never noted. */
  applied: string[] | undefined;
  /** Major version of PostgreSQL: what needs a restart differs. */
  version: string;
}

/** Keys whose values are maps of independent settings: each of them is ours or not. */
const nested = [['postgresql', 'parameters'], ['slots']];

/**
 * Changes of Patroni's dynamic configuration, then restarts of PostgreSQL where a parameter needs one. Keys that the
 * manifest does not mention and never set are somebody else's and stay.
 */
export function planConfiguration(goal: ConfigurationGoal, observed: Observed): Step[] {
  const { configuration } = observed;
  const leader = leaderOf(observed);
  // Before Patroni has written its configuration, the bootstrap section of the pods says all of it.
  if (configuration === undefined || leader === undefined) return [];
  const wanted = flatten(goal.wanted);
  const live = flatten(configuration);
  const why: string[] = [];
  const patch: Record<string, unknown> = {};
  for (const [path, value] of wanted) {
    const isMet = path === standbyKey ? followsTheSame : same;
    if (isMet(live.get(path), value)) continue;
    why.push(`${path}: ${show(path, live.get(path))} → ${show(path, value)}`);
    put(patch, path, value);
  }
  for (const path of goal.applied ?? []) {
    if (wanted.has(path) || live.get(path) === undefined) continue;
    why.push(`${path}: ${show(path, live.get(path))} → (Patroni's default)`);
    put(patch, path, null);
  }
  const role = roleChange(configuration[standbyKey], patch);
  const changed = [...changedParameters(patch)];
  const applied = [...wanted.keys()].sort();
  const noted = isDeepStrictEqual(applied, goal.applied ?? []);
  if (why.length === 0 && noted) {
    const { restartsExpected } = observed;
    return restartsExpected === undefined
      ? pendingRestarts(observed, leader)
      : expectedRestarts(observed, leader, sharedChangeOf(leader.pendingChanges), restartsExpected);
  }
  return [
    {
      what:
        why.length > 0
          ? (role?.what ?? "change Patroni's configuration")
          : "note what the manifest sets in Patroni's configuration",
      why: why.length > 0 ? why : [`set: ${applied.join(', ')}`],
      disturbs: why.length > 0 ? (role?.disturbs ?? 'reload') : 'nothing',
      action: { type: 'configure', address: leader.address ?? '', patch, applied },
      observeAfter: true,
      ...(leader.running && leader.address !== undefined ? {} : { waitFor: 'the primary runs' }),
    },
    ...restartsFor(changed, live, goal.version, observed, leader),
  ];
}

/** Parameters of PostgreSQL that a patch changes, with their new values; null is the default. */
function changedParameters(patch: Record<string, unknown>): [string, unknown][] {
  const section = patch['postgresql'];
  const parameters = isObject(section) ? section['parameters'] : undefined;
  return isObject(parameters) ? Object.entries(parameters) : [];
}

/** Restarts that follow a change, as far as PostgreSQL's own parameters tell; Patroni has the last word. */
function restartsFor(
  changed: [string, unknown][],
  live: Map<string, unknown>,
  version: string,
  observed: Observed,
  leader: Member,
): Step[] {
  const restarting = changed
    .filter(([name]) => needsRestart(name, version))
    .map(([name, after]) => ({ name, before: live.get(`postgresql/parameters/${name}`), after }))
    .filter((each) => !isSameForAll(each));
  if (restarting.length === 0) return [];
  const names = restarting.map(({ name }) => name);
  return expectedRestarts(observed, leader, sharedChangeOf(restarting), names);
}

/** `postgresql.parameters.NAME` and `slots.NAME` apart, everything else by its first key. */
function flatten(configuration: Record<string, unknown>): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, value] of Object.entries(configuration)) {
    const path = nested.find(([first]) => first === key);
    const inner = path?.slice(1).reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), value);
    if (path === undefined) {
      if (value !== null && value !== undefined) flat.set(key, value);
    } else if (isObject(inner)) {
      for (const [name, setting] of Object.entries(inner)) flat.set([...path, name].join('/'), setting);
    }
  }
  return flat;
}

function put(patch: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('/');
  let at = patch;
  for (const part of parts.slice(0, -1)) {
    const next = isObject(at[part]) ? at[part] : {};
    at[part] = next;
    at = next;
  }
  at[parts.at(-1) ?? ''] = value;
}

/** Patroni keeps parameters as whatever JSON it got; `10` and `"10"` are the same to PostgreSQL. */
function same(live: unknown, wanted: unknown): boolean {
  if (isDeepStrictEqual(live, wanted)) return true;
  if (live === undefined && wanted === false) return true;
  return (typeof live === 'number' || typeof live === 'boolean') && String(live) === String(wanted);
}

/** Without what is or looks like a secret: it stands in events, in the status and in the log. */
function show(path: string, value: unknown): string {
  if (value === undefined) return '(unset)';
  const name = path.split('/').at(-1) ?? '';
  const shown = (redact({ [name]: value }, []) as Record<string, unknown>)[name];
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AnnotatedObject,
  isHealthy,
  isHeartbeatOnly,
  lagOf,
  parseConfig,
  parseFailover,
  parseLeader,
  parseMember,
  parseSync,
  patroniObjectNames,
} from './index.ts';

const leaderAnnotations = {
  leader: 'demo-0',
  ttl: '30',
  renewTime: '2026-11-21T06:17:03.334183+00:00',
  acquireTime: '2026-11-21T06:17:03.156529+00:00',
  transitions: '2',
  optime: '24357840',
  slots: '{"demo_1":24357840}',
  retain_slots: '["demo_0", "demo_1"]',
};

function leaderObject(annotations: Record<string, string>): AnnotatedObject {
  return { metadata: { name: 'demo', resourceVersion: '1', annotations }, subsets: [] };
}

function pod(status: Record<string, unknown>, rest: Record<string, unknown> = {}): AnnotatedObject {
  return { metadata: { name: 'demo-0', annotations: { status: JSON.stringify(status) }, ...rest } };
}

test('the lock lives in the primary Service with Endpoints and beside it with ConfigMaps', () => {
  expect(patroniObjectNames('demo', 'endpoints').leader).toBe('demo');
  expect(patroniObjectNames('demo', 'configmaps')).toEqual({
    leader: 'demo-leader',
    config: 'demo-config',
    failover: 'demo-failover',
    sync: 'demo-sync',
  });
});

test('leader annotations become typed values', () => {
  expect(parseLeader(leaderAnnotations)).toEqual({
    leader: 'demo-0',
    ttl: 30,
    renewTime: '2026-11-21T06:17:03.334183+00:00',
    acquireTime: '2026-11-21T06:17:03.156529+00:00',
    transitions: 2,
    optime: 24357840,
    slots: { demo_1: 24357840 },
  });
  expect(parseLeader(undefined)).toEqual({ slots: {} });
});

test('bootstrap is none, running, done', () => {
  expect(parseConfig({}).bootstrap).toBe('none');
  expect(parseConfig({ initialize: '' }).bootstrap).toBe('running');
  expect(
    parseConfig({
      initialize: '7710504914106822685',
      config: '{"ttl":30}',
      history:
        '[[1,84220600,"no recovery target specified","2026-11-21T06:21:34.109866+00:00","demo-2"],[2,"x"]]',
    }),
  ).toEqual({
    bootstrap: 'done',
    systemIdentifier: '7710504914106822685',
    config: { ttl: 30 },
    history: [
      {
        timeline: 1,
        location: 84220600,
        reason: 'no recovery target specified',
        timestamp: '2026-11-21T06:21:34.109866+00:00',
        leader: 'demo-2',
      },
    ],
  });
});

test('synchronous members and pending switchovers', () => {
  expect(parseSync({ leader: 'demo-0', quorum: '0', sync_standby: 'demo-1,demo-2' })).toEqual({
    leader: 'demo-0',
    quorum: 0,
    standbys: ['demo-1', 'demo-2'],
  });
  expect(parseFailover({})).toBeUndefined();
  expect(parseFailover({ member: 'demo-1' })).toEqual({ candidate: 'demo-1' });
});

test('a member without annotation is only known by name', () => {
  expect(parseMember('demo-0', undefined)).toEqual({
    name: 'demo-0',
    pendingRestart: false,
    paused: false,
    tags: {},
  });
});

test('health and lag', () => {
  const primary = parseMember(
    'demo-0',
    '{"state":"running","role":"primary","xlog_location":100,"timeline":3}',
  );
  const replica = parseMember(
    'demo-1',
    '{"state":"running","role":"replica","replication_state":"streaming","xlog_location":90}',
  );
  const starting = parseMember('demo-2', '{"state":"starting","role":"replica"}');
  expect([primary, replica, starting].map(isHealthy)).toEqual([true, true, false]);
  expect(lagOf(primary.xlogLocation, replica.xlogLocation)).toBe(10);
  expect(lagOf(primary.xlogLocation, starting.xlogLocation)).toBeUndefined();
  expect(lagOf(90, 100)).toBe(0);
});

test('a renewed lock is a heartbeat, another leader is not', () => {
  const before = leaderObject(leaderAnnotations);
  const renewed = leaderObject({ ...leaderAnnotations, renewTime: 'later', optime: '24357999', slots: '{}' });
  renewed.metadata['resourceVersion'] = '2';
  expect(isHeartbeatOnly(before, renewed)).toBe(true);
  expect(isHeartbeatOnly(before, leaderObject({ ...leaderAnnotations, leader: 'demo-1' }))).toBe(false);
  expect(isHeartbeatOnly(before, { ...renewed, subsets: [{ addresses: [] }] })).toBe(false);
  const { leader: _, ...released } = leaderAnnotations;
  expect(isHeartbeatOnly(before, leaderObject(released))).toBe(false);
});

test('a member that moved on in the log is a heartbeat, one that changed its state is not', () => {
  const before = pod({ state: 'running', role: 'replica', xlog_location: 1 });
  expect(isHeartbeatOnly(before, pod({ state: 'running', role: 'replica', xlog_location: 2 }))).toBe(true);
  expect(isHeartbeatOnly(before, pod({ state: 'running', role: 'primary', xlog_location: 1 }))).toBe(false);
  expect(isHeartbeatOnly(before, pod({ state: 'running', role: 'replica' }, { labels: { a: 'b' } }))).toBe(
    false,
  );
});

test('parsers take any text', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('null', '[]', '[[]]', '{"tags":1}', '1e999'),
  );
  fc.assert(
    fc.property(
      texts,
      fc.record({ config: texts, history: texts, slots: texts, failsafe: texts, optime: texts }),
      (text, all) => {
        expect(parseMember('x', text).name).toBe('x');
        expect(parseConfig(all).history).toBeInstanceOf(Array);
        expect(Object.values(parseLeader(all).slots).every(Number.isFinite)).toBe(true);
        expect(isHeartbeatOnly(leaderObject({ status: text }), leaderObject({ status: text }))).toBe(true);
      },
    ),
  );
});

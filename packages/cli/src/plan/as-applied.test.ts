import type { Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { asApplied, lastAppliedAnnotation } from './as-applied.ts';

type Manifest = Postgresql & KubeObject;

const written = (spec: object, annotations: Record<string, string> = {}): Manifest =>
  ({
    apiVersion: 'acid.zalan.do/v1',
    kind: 'postgresql',
    metadata: { name: 'acid-demo', annotations },
    spec: { teamId: 'acid', ...spec },
  }) as unknown as Manifest;

const live = (spec: object, annotations: Record<string, string> = {}): Manifest => {
  const manifest = written(spec, annotations);
  const metadata = { ...manifest.metadata, namespace: 'default', uid: 'u', generation: 3 };
  return { ...manifest, metadata, status: { PostgresClusterStatus: 'Running' } };
};

test('what was applied last and is written no longer goes, what others set stays', () => {
  const before = written({ numberOfInstances: 2, users: { a: [], b: [] } }, { mine: '1' });
  const now = live(
    { numberOfInstances: 3, users: { a: [], b: [], c: [] }, enableShmVolume: false },
    { mine: '1', theirs: '2', [lastAppliedAnnotation]: JSON.stringify(before) },
  );
  const applied = asApplied(now, written({ users: { b: ['login'] } }));
  expect(applied.spec).toEqual({ teamId: 'acid', users: { b: ['login'], c: [] }, enableShmVolume: false });
  expect(Object.keys(applied.metadata.annotations ?? {})).toEqual(['theirs', lastAppliedAnnotation]);
  expect(applied.metadata).toMatchObject({
    name: 'acid-demo',
    namespace: 'default',
    uid: 'u',
    generation: 3,
  });
});

test('a manifest without annotations leaves those of others, although kubectl notes an empty set of its own', () => {
  const now = live({}, { theirs: '2', [lastAppliedAnnotation]: JSON.stringify(written({})) });
  const applied = asApplied(now, { ...written({}), metadata: { name: 'acid-demo' } });
  expect(Object.keys(applied.metadata.annotations ?? {})).toEqual(['theirs', lastAppliedAnnotation]);
});

test('without a note of the last time the written spec replaces the live one', () => {
  const now = live({ numberOfInstances: 3, enableShmVolume: false }, { theirs: '2' });
  const applied = asApplied(now, written({ numberOfInstances: 1 }));
  expect(applied.spec).toEqual({ teamId: 'acid', numberOfInstances: 1 });
  expect(applied.metadata.annotations).toEqual({ theirs: '2' });
  expect(asApplied(live({}, { [lastAppliedAnnotation]: '{' }), written({})).spec).toEqual({ teamId: 'acid' });
});

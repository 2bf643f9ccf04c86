import { expect, test } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { volumeSourceProblems } from './volume-sources.ts';

const problems = (volumeSource: object) =>
  volumeSourceProblems(
    testManifest({ additionalVolumes: [{ name: 'v', mountPath: '/v', volumeSource }] }),
  ).map(({ severity, field }) => `${severity} ${field}`);

test.each([
  {},
  { emptyDir: {} },
  { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
  { projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'a' } }] } },
  { csi: { driver: 'secrets', readOnly: true, volumeAttributes: { a: 'b' } } },
])('%j is a source', (source) => {
  expect(problems(source)).toEqual([]);
});

test.each([
  [{ emptyDirectory: {} }, ['error spec.additionalVolumes[0].volumeSource.emptyDirectory']],
  [{ secret: { name: 'x' } }, ['error spec.additionalVolumes[0].volumeSource.secret.name']],
  [{ emptyDir: 'x' }, ['error spec.additionalVolumes[0].volumeSource.emptyDir']],
  [{ csi: {} }, ['error spec.additionalVolumes[0].volumeSource.csi.driver']],
  [{ emptyDir: {}, secret: { secretName: 'x' } }, ['error spec.additionalVolumes[0].volumeSource']],
])('%j is none', (source, expected) => {
  expect(problems(source)).toEqual(expected);
});

import type { ManagedFieldsEntry, PodTemplateSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { testObserved, testPod } from '../testing/cluster.ts';
import { podMetadataSteps } from './pod-metadata.ts';

const labels = { application: 'spilo', 'cluster-name': 'acid-demo', team: 'acid' };

function stepsFor(
  template: PodTemplateSpec['metadata'],
  live: { annotations?: Record<string, string>; owned?: string[]; manager?: string; deleting?: boolean },
  ignored: string[] = [],
) {
  const pod = testPod({ ordinal: 0, role: 'primary', deleting: live.deleting ?? false });
  pod.metadata.annotations = { ...pod.metadata.annotations, ...live.annotations };
  const fields = Object.fromEntries((live.owned ?? []).map((key) => [`f:${key}`, {}]));
  const entry: ManagedFieldsEntry = {
    manager: live.manager ?? 'kube-controller-manager',
    operation: 'Update',
    fieldsV1: { 'f:metadata': { 'f:annotations': { '.': {}, ...fields } } },
  };
  pod.metadata.managedFields = [entry];
  const observed = testObserved([], [pod], { leader: 'acid-demo-0' });
  return podMetadataSteps({ metadata: { labels, ...template } }, observed, observed.members, ignored);
}

const whyOf = (...input: Parameters<typeof stepsFor>) => stepsFor(...input).flatMap(({ why }) => why);

test('what the template says is put on the pod in place, and disturbs nobody', () => {
  const [step] = stepsFor({ labels: { ...labels, team: 'other' }, annotations: { a: '1' } }, {});
  expect(step).toMatchObject({
    what: 'label and annotate pod acid-demo-0 in place',
    why: ['metadata.labels.team: acid → other', 'metadata.annotations.a: (unset) → 1'],
    disturbs: 'nothing',
    action: {
      type: 'patch',
      name: 'acid-demo-0',
      patch: { metadata: { uid: 'uid-0', labels: { team: 'other' }, annotations: { a: '1' } } },
    },
  });
});

test('an annotation that came from the template and is not in it any more is taken away', () => {
  const [step] = stepsFor({}, { annotations: { old: '1' }, owned: ['old'] });
  expect(step).toMatchObject({ action: { patch: { metadata: { annotations: { old: null } } } } });
});

test.each<[string, Parameters<typeof stepsFor>]>([
  ['nothing is different', [{ annotations: { a: '1' } }, { annotations: { a: '1' } }]],
  ["annotations of others, like Patroni's status", [{}, { annotations: { theirs: '1' } }]],
  ['what somebody else owns', [{}, { annotations: { x: '1' }, owned: ['x'], manager: 'kubectl-annotate' }]],
  ['annotations to ignore', [{ annotations: { a: '2' } }, { annotations: { a: '1' } }, ['a']]],
  ['a pod on its way out', [{ annotations: { a: '2' } }, { deleting: true }]],
  [
    "an operator's mark",
    [
      {},
      {
        annotations: { 'zalando-postgres-operator-rolling-update-required': 'true' },
        owned: ['zalando-postgres-operator-rolling-update-required'],
        manager: 'postgres-operator',
      },
    ],
  ],
])('left alone: %s', (_name, input) => {
  expect(whyOf(...input)).toEqual([]);
});

import { expect, test } from 'vitest';
import { UnknownMessage, decodeProtobuf } from './decode.ts';

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
const number = (field: number, value: number): Buffer =>
  Buffer.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, ...content: (Buffer | string)[]): Buffer => {
  const all = Buffer.concat(content.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)));
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(all.length)]), all]);
};
const sent = (apiVersion: string, kind: string, ...object: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    bytes(1, bytes(1, apiVersion), bytes(2, kind)),
    bytes(2, ...object),
    bytes(3, ''),
    bytes(4, ''),
  ]);

test('a Job as kubectl sends it: inlined parts, quantities, zeros that mean something and those that do not', () => {
  const container = bytes(
    2,
    bytes(1, 'main'),
    bytes(2, 'busybox:1'),
    bytes(3, 'sh'),
    bytes(3, '-c'),
    bytes(8, bytes(1, bytes(1, 'memory'), bytes(2, bytes(1, '1Gi')))),
    bytes(19, bytes(1, 'X_'), bytes(3, bytes(1, bytes(1, 'secret')), number(2, 0))),
    number(16, 0),
    number(18, 1),
  );
  const volume = bytes(1, bytes(1, 'scratch'), bytes(2, bytes(2, bytes(1, 'Memory'))));
  const podSpec = bytes(2, volume, container, bytes(3, 'Never'), number(4, 0), number(11, 0), number(21, 0));
  const template = bytes(6, bytes(1, bytes(11, bytes(1, 'app'), bytes(2, 'x')), bytes(8)), podSpec);
  const spec = bytes(2, number(7, 0), template, number(10, 0));
  expect(decodeProtobuf(sent('batch/v1', 'Job', bytes(1, bytes(1, 'once'), bytes(8)), spec))).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'once' },
    spec: {
      backoffLimit: 0,
      suspend: false,
      template: {
        metadata: { labels: { app: 'x' } },
        spec: {
          volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory' } }],
          containers: [
            {
              name: 'main',
              image: 'busybox:1',
              command: ['sh', '-c'],
              resources: { limits: { memory: '1Gi' } },
              envFrom: [{ prefix: 'X_', secretRef: { name: 'secret', optional: false } }],
              tty: true,
            },
          ],
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 0,
          automountServiceAccountToken: false,
        },
      },
    },
  });
});

test('what is not known here is refused as a whole, never read in part', () => {
  for (const body of [
    sent('batch/v1', 'Job', bytes(2, bytes(99, 'new'))),
    sent('batch/v2', 'Job'),
    Buffer.from('{}'),
    sent('batch/v1', 'Job', Buffer.from([0x0a, 0x7f])),
  ])
    expect(() => decodeProtobuf(body)).toThrow(UnknownMessage);
});

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Client, ExecOptions, ExecResult } from '@pgherd/kube/client';
import { expect, test } from 'vitest';
import { prepareInPod, sendInPod } from './in-pod.ts';

/** A pod in which the program is played: it says that it is ready, and answers what it reads. */
function podThat(answer: (request: { path: string }) => object) {
  const seen: string[] = [];
  const exec = async (pod: { name: string }, { stdin, stdout, signal }: ExecOptions): Promise<ExecResult> => {
    seen.push(`started in ${pod.name}`);
    stdout?.write('ready\n');
    const [line] = (await once(stdin as Readable, 'data', signal === undefined ? {} : { signal })) as [
      Buffer,
    ];
    const request = JSON.parse(line.toString()) as { method: string; path: string };
    seen.push(`${request.method} ${request.path}`);
    stdout?.write(`${JSON.stringify(answer(request))}\n`);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  return { seen, client: { exec } as unknown as Pick<Client, 'exec'> };
}

const request = { host: 'a', port: 8008, method: 'POST', path: '/switchover', timeoutMs: 1000 } as const;

test('a prepared request has its program started, and is made when it is sent', async () => {
  const { seen, client } = podThat(() => ({ status: 200, body: 'done' }));
  const { send, drop } = await prepareInPod(client, 'default', 'a');
  expect(seen).toEqual(['started in a']);
  expect(await send(request)).toEqual({ status: 200, body: 'done' });
  expect(seen).toEqual(['started in a', 'POST /switchover']);
  drop();
});

test('one that is dropped is not made', async () => {
  const { seen, client } = podThat(() => ({ status: 200, body: '' }));
  const { send, drop } = await prepareInPod(client, 'default', 'a');
  drop();
  await expect(send(request)).rejects.toThrow('POST /switchover in pod a: ');
  expect(seen).toEqual(['started in a']);
});

test('what goes wrong is told: in the pod, on the way to its Patroni, and of a pod that is not there', async () => {
  const silent = podThat(() => ({ failure: 'Connection refused' }));
  await expect(sendInPod(silent.client, 'default')(request)).rejects.toThrow(
    'POST /switchover in pod a: Connection refused',
  );
  const exec = async () => ({ exitCode: 127, stdout: '', stderr: 'sh: python3: not found\n' });
  const without = { exec } as unknown as Pick<Client, 'exec'>;
  await expect(sendInPod(without, 'default')(request)).rejects.toThrow('sh: python3: not found');
  const gone = { exec: () => Promise.reject(new Error('pods "a" not found')) };
  await expect(sendInPod(gone as unknown as Pick<Client, 'exec'>, 'default')(request)).rejects.toThrow(
    'pods "a" not found',
  );
});

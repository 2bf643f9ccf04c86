import type { Client } from '@pgherd/kube/client';
import { ApiError } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { writeStatus } from './write.ts';

/** A client that notes what is written; `refuse` decides about a body. */
function clientThat(refuse: (status: Record<string, unknown>) => ApiError | undefined) {
  const written: unknown[] = [];
  const client: Partial<Client> = {
    patchStatus: async (_kind, _key, patch) => {
      const { status } = (patch as { body: { status: Record<string, unknown> } }).body;
      const refusal = refuse(status);
      if (refusal !== undefined) throw refusal;
      written.push(status);
      return { metadata: {} } as never;
    },
  };
  return { client: client as Client, written };
}

const running = { PostgresClusterStatus: 'Running', instances: 2 };

test('nothing new is not written, and what is gone is removed', async () => {
  const { client, written } = clientThat(() => undefined);
  const manifest = { ...testManifest(), status: { ...running, primary: 'acid-demo-0' } };
  expect(await writeStatus(client, manifest, { ...running, primary: 'acid-demo-0' })).toBeUndefined();
  expect(written).toEqual([]);
  await writeStatus(client, manifest, running);
  expect(written).toEqual([{ ...running, primary: null }]);
});

test("where the definition is Zalando's, the word is written alone, and once", async () => {
  const onlyTexts = (status: Record<string, unknown>) =>
    Object.values(status).every((value) => typeof value === 'string')
      ? undefined
      : new ApiError(422, 'Invalid', 'status.instances: must be of type string');
  const { client, written } = clientThat(onlyTexts);
  await writeStatus(client, testManifest(), running);
  const told = { ...testManifest(), status: { PostgresClusterStatus: 'Running' } };
  expect(await writeStatus(client, told, running)).toBeUndefined();
  expect(written).toEqual([{ PostgresClusterStatus: 'Running' }]);
});

test('a manifest that is gone needs no status; other failures are told', async () => {
  const gone = clientThat(() => new ApiError(404, 'NotFound', 'gone'));
  expect(await writeStatus(gone.client, testManifest(), running)).toBeUndefined();
  const refused = clientThat(() => new ApiError(403, 'Forbidden', 'no'));
  await expect(writeStatus(refused.client, testManifest(), running)).rejects.toThrow('no');
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject, ResourceType } from '@pgherd/kube/objects';
import { parseAllDocuments } from 'yaml';

const manifests = fileURLToPath(new URL('../../manifests/', import.meta.url));

/** Applies what a user applies before the operator runs: the definitions, and the operator's account with its rights. */
export async function install(client: Client): Promise<void> {
  const definitions = readdirSync(join(manifests, 'crds')).map((file) => join('crds', file));
  for (const file of [...definitions, 'operator-service-account-rbac.yaml']) {
    for (const document of parseAllDocuments(readFileSync(join(manifests, file), 'utf8'))) {
      const object = document.toJS() as KubeObject;
      await client.create(resourceOf(object.kind ?? ''), object);
    }
  }
}

function resourceOf(kind: string): ResourceType {
  const found = Object.values(kube).find(
    (value) => typeof value === 'object' && 'plural' in value && value.kind === kind,
  );
  if (found === undefined) throw new Error(`no resource for kind ${kind}`);
  return found as ResourceType;
}

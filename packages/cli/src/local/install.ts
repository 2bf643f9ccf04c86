import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import {
  apiVersionOf,
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  roleBindings,
  roles,
  serviceAccounts,
  type KubeObject,
  type ResourceType,
} from '@pgherd/kube/objects';
import { writeKubeconfig } from '@pgherd/local';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../project.ts';
import { adminKubeconfig, operatorKubeconfig } from './files.ts';

/** Seconds that the operator's token is good for: a year. Each `up` that starts the operator makes a new one. */
const tokenSeconds = 365 * 24 * 3600;

/** The objects of a manifest file. */
export function readManifest(file: string): KubeObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => {
      if (document.errors[0]) throw new Error(`${file}: ${document.errors[0].message}`);
      return document.toJS() as KubeObject | null;
    })
    .filter((object): object is KubeObject => object !== null);
}

/** The kinds that the operator's manifests use. */
const installed: ResourceType[] = [
  customResourceDefinitions,
  serviceAccounts,
  clusterRoles,
  clusterRoleBindings,
  roles,
  roleBindings,
];

function resourceOf(object: KubeObject): ResourceType {
  const found = installed.find(
    (type) => type.kind === object.kind && apiVersionOf(type) === object.apiVersion,
  );
  if (found === undefined)
    throw new Error(`manifest with unexpected kind ${object.apiVersion} ${object.kind}`);
  return found;
}

/**
 * Applies the CRDs and the RBAC rules of `manifests/`, and gives the operator a kubeconfig of its own service
 * account, so that it runs under exactly these rules.
 */
export async function installOperatorObjects(client: Client, home: string): Promise<void> {
  const manifests = join(projectRoot, 'manifests');
  const files = [
    ...readdirSync(join(manifests, 'crds'))
      .sort()
      .map((name) => join(manifests, 'crds', name)),
    join(manifests, 'operator-service-account-rbac.yaml'),
  ];
  for (const object of files.flatMap(readManifest)) {
    await client.apply(resourceOf(object), object, { fieldManager: 'pgherd-local', force: true });
  }
  await waitForDefinitions(client);
  const serviceAccount = { namespace: 'default', name: 'postgres-operator' };
  const { token } = await client.createToken(serviceAccount, { expirationSeconds: tokenSeconds });
  const { connection, client: unused } = await connect({ kubeconfig: adminKubeconfig(home) });
  unused.close();
  writeKubeconfig(operatorKubeconfig(home), {
    server: connection.server.href.replace(/\/$/, ''),
    caCertificate: connection.ca ?? '',
    user: { token },
  });
}

/** A definition that was just created is served a moment later. */
async function waitForDefinitions(client: Client): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { items } = await client.list(customResourceDefinitions);
    const waiting = items.filter((item) => {
      const conditions = item.status?.conditions;
      return !conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    });
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`not established: ${waiting.map((item) => item.metadata?.name).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

import { readStatus, type Postgresql } from '@pgherd/api';
import { persistentVolumeClaims, pods, type KubeObject, type Pod } from '@pgherd/kube/objects';
import { parseUsage, usageCommand, type Usage } from '@pgherd/operator';
import type { ClusterOptions } from '../cluster/commands.ts';
import { findLabels } from '../cluster/labels.ts';
import { getCluster, postgresqls, withTarget, type Target } from '../cluster/target.ts';
import { parseOutputFormat, print } from '../output.ts';
import { formatVolumes, volumeRow, type VolumeRow } from './report.ts';

const timeoutMs = 10_000;

/** `pgherd df [NAME]`: looks into the pods; what is to be expected is the operator's to know. */
export async function df(name: string | undefined, options: ClusterOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  await withTarget(options, async (target) => {
    const { namespace } = target;
    const clusters =
      name === undefined
        ? (await target.client.list(postgresqls, { namespace })).items
        : [await getCluster(target, name)];
    const rows: VolumeRow[] = [];
    for (const cluster of clusters) rows.push(...(await volumesOf(target, cluster)));
    print(format, rows, () => formatVolumes(rows, Date.now()));
  });
}

async function volumesOf(target: Target, cluster: Postgresql & KubeObject): Promise<VolumeRow[]> {
  const { client, namespace } = target;
  const name = cluster.metadata.name ?? '';
  const { selector } = await findLabels(target, name);
  const selection = { namespace, labelSelector: selector };
  const [podList, claimList] = await Promise.all([
    client.list(pods, selection),
    client.list(persistentVolumeClaims, selection),
  ]);
  const told = readStatus(cluster.status).volumes ?? [];
  const members = podList.items
    .flatMap((pod) => {
      const claim = dataClaimOf(pod);
      return claim === undefined ? [] : [{ pod: pod.metadata?.name ?? '', claim }];
    })
    .sort((a, b) => a.pod.localeCompare(b.pod, 'en', { numeric: true }));
  return Promise.all(
    members.map(async ({ pod, claim }) => {
      const found = claimList.items.find(({ metadata }) => metadata?.name === claim);
      return volumeRow({
        cluster: name,
        pod,
        claim,
        claimSize: found?.status?.capacity?.['storage'] ?? '-',
        status: told.find((each) => each.claim === claim),
        ...(await look(target, pod)),
      });
    }),
  );
}

/** Claim of a database pod's data volume; poolers and backups have none. */
function dataClaimOf(pod: Pod): string | undefined {
  return pod.spec?.volumes?.find((volume) => volume.name === 'pgdata')?.persistentVolumeClaim?.claimName;
}

/** A pod that cannot be looked into does not keep the others from being told. */
async function look(
  { client, namespace }: Target,
  pod: string,
): Promise<{ usage: Usage | undefined; problem?: string }> {
  try {
    const { stdout, stderr } = await client.exec(
      { namespace, name: pod },
      { container: 'postgres', command: usageCommand, signal: AbortSignal.timeout(timeoutMs) },
    );
    const usage = parseUsage(stdout, Date.now());
    return usage === undefined ? { usage, problem: stderr.trim() || 'df said nothing' } : { usage };
  } catch (error) {
    return { usage: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}

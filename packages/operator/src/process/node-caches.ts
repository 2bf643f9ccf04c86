import type { Cache } from '@pgherd/kube/cache';
import type { Client } from '@pgherd/kube/client';
import {
  nodes,
  persistentVolumes,
  type Logger,
  type Node,
  type ObjectReference,
  type PersistentVolume,
  type ResourceType,
} from '@pgherd/kube/objects';
import { cacheSource, changedIn, type Manager, type Source } from '@pgherd/kube/runtime';
import { slimNode } from '../nodes/node-state.ts';
import { isNewer } from './is-newer.ts';

/** What the operator may watch outside of namespaces. */
export interface NodeSight {
  nodes: boolean;
  volumes: boolean;
}

/** Asks the API server. Without the right to see nodes all else works; that is told once. */
export async function nodeSight(client: Pick<Client, 'canI'>, log: Logger): Promise<NodeSight> {
  const isAllowed = async ({ group, plural }: ResourceType) => {
    const verbs = ['list', 'watch'];
    const answers = await Promise.all(verbs.map((verb) => client.canI({ verb, group, resource: plural })));
    return answers.every(({ allowed }) => allowed);
  };
  const [seesNodes, seesVolumes] = await Promise.all([isAllowed(nodes), isAllowed(persistentVolumes)]);
  if (!seesNodes)
    log.info(
      {},
      'no right to list and watch nodes: primaries are not moved away from nodes that are drained',
    );
  else if (!seesVolumes)
    log.info(
      {},
      'no right to list and watch persistentvolumes: no pod is replaced because its node is drained',
    );
  return { nodes: seesNodes, volumes: seesVolumes };
}

/** Watches of nodes, and of where volumes can be used; as much of them as the operator may see. No cluster waits for them. */
export class NodeCaches {
  readonly #nodes: Cache<Node> | undefined;
  readonly #volumes: Cache<PersistentVolume> | undefined;

  constructor(manager: Manager, sight: NodeSight) {
    this.#nodes = sight.nodes ? manager.cache(nodes, { keep: slimNode }) : undefined;
    this.#volumes = sight.volumes ? manager.cache(persistentVolumes, { keep: slimVolume }) : undefined;
  }

  nodes(): readonly Node[] | undefined {
    return this.#nodes?.isSynced === true ? this.#nodes.list() : undefined;
  }

  volume(name: string): PersistentVolume | 'unknown' | 'hidden' | undefined {
    if (this.#volumes === undefined) return 'hidden';
    return this.#volumes.isSynced ? this.#volumes.get({ name }) : 'unknown';
  }

  /** The same for volumes: what is below a claim may be known later than the claim. */
  volumeSources(clusterOn: (volume: PersistentVolume) => string[]): Source[] {
    if (this.#volumes === undefined) return [];
    return [
      cacheSource(
        this.#volumes,
        clusterOn,
        changedIn(({ metadata: { uid }, spec }) => [uid, spec]),
      ),
    ];
  }

  /** Takes in a volume that was just written. */
  written(volume: PersistentVolume): void {
    const known = this.#volumes?.get({ name: volume.metadata.name ?? '' });
    if (known !== undefined && known.metadata.uid === volume.metadata.uid && isNewer(volume, known))
      this.#volumes?.upsert(slimVolume(volume));
  }

  /** What starts a pass; `clustersOn` names those that a change of this node concerns. */
  sources(clustersOn: (node: Node) => string[]): Source[] {
    if (this.#nodes === undefined) return [];
    return [
      cacheSource(
        this.#nodes,
        clustersOn,
        changedIn(({ metadata: { uid, labels }, spec, status }) => [uid, labels, spec, status]),
      ),
    ];
  }
}

/** Only the nodes that it is tied to, its size, its claim, and what tells of a disk of Amazon's. */
function slimVolume({ apiVersion, kind, metadata, spec }: PersistentVolume): PersistentVolume {
  const { name, uid, resourceVersion } = metadata;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      ...(spec?.nodeAffinity === undefined ? {} : { nodeAffinity: spec.nodeAffinity }),
      ...(spec?.claimRef === undefined ? {} : { claimRef: claimOf(spec.claimRef) }),
      ...(spec?.capacity === undefined ? {} : { capacity: spec.capacity }),
      ...(spec?.awsElasticBlockStore === undefined
        ? {}
        : { awsElasticBlockStore: spec.awsElasticBlockStore }),
      ...(spec?.csi === undefined
        ? {}
        : { csi: { driver: spec.csi.driver, volumeHandle: spec.csi.volumeHandle } }),
    },
  };
}

function claimOf({ namespace, name }: ObjectReference): ObjectReference {
  return { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
}

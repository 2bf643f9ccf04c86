import { gvkOf, type KubeObject } from '@pgherd/kube/objects';
import { mergePatch, serverSideApply, trackUpdate } from '@pgherd/kube/patch';
import { applyBuiltinDefaults, builtinSchema } from '@pgherd/kube/schema';
import { objectKey, type Desired, type Kind } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import type { ObjectSource } from '../observe/source.ts';
import type { Action, Plan } from '../plan/step.ts';

const time = '2026-01-01T00:00:00Z';

/** An API server in memory, as far as plans need one: defaults, server-side apply, managedFields. No controllers. */
export class World {
  readonly objects = new Map<string, Desired>();
  #version = 0;

  list(): Desired[] {
    return [...this.objects.values()];
  }

  /** As the operator reads it: by name, and by the label with the cluster's name. */
  source(): ObjectSource {
    const ofKind = (kind: Kind) => this.list().filter((each) => each.kind === kind);
    return {
      get: (kind, _namespace, name) => this.get(kind, name),
      ofCluster: (kind, _namespace, cluster) =>
        ofKind(kind).flatMap(({ object }) =>
          object.metadata.labels?.['cluster-name'] === cluster ? [object] : [],
        ),
    };
  }

  get(kind: Kind, name: string): KubeObject | undefined {
    return this.objects.get(objectKey(kind, 'default', name))?.object;
  }

  /** Exactly so, managedFields included. */
  set(kind: Kind, object: KubeObject): KubeObject {
    return this.#store(kind, object);
  }

  /** As a client of the time before server-side apply writes it. */
  put(kind: Kind, object: KubeObject, manager: string): KubeObject {
    const before = this.get(kind, object.metadata.name ?? '');
    const after = completed(object);
    const managedFields = trackUpdate({ schema: schemaOf(object), before, after, manager, time });
    return this.#store(kind, { ...after, metadata: { ...after.metadata, managedFields } });
  }

  apply(kind: Kind, config: KubeObject): KubeObject {
    const live = this.get(kind, config.metadata.name ?? '');
    const applied = serverSideApply({
      schema: schemaOf(config),
      live,
      config,
      manager: fieldManager,
      force: true,
      time,
    });
    return this.#store(kind, completed(applied));
  }

  delete(kind: Kind, name: string): void {
    this.objects.delete(objectKey(kind, 'default', name));
  }

  /** What one pass would do of a plan, as far as it is about objects. */
  carryOut({ tracks }: Plan): void {
    for (const { steps } of tracks) {
      for (const { action, waitFor, observeAfter } of steps) {
        if (waitFor !== undefined) break;
        this.#do(action);
        if (observeAfter === true) break;
      }
    }
  }

  #do(action: Action): void {
    switch (action.type) {
      case 'apply':
        if (action.takeOver !== undefined) this.#takeOver(action);
        this.apply(action.kind, action.object);
        break;
      case 'create':
        this.put(action.kind, action.object, fieldManager);
        break;
      case 'delete':
        this.delete(action.kind, action.name);
        break;
      case 'patch': {
        const live = this.get(action.kind, action.name);
        if (live === undefined) break;
        this.put(action.kind, mergePatch(live, action.patch) as KubeObject, fieldManager);
        break;
      }
      default:
    }
  }

  #takeOver({ kind, object, takeOver }: Extract<Action, { type: 'apply' }>): void {
    const live = this.get(kind, object.metadata.name ?? '');
    if (live === undefined || takeOver === undefined) throw new Error('nothing to take over');
    if (live.metadata.resourceVersion !== takeOver.resourceVersion) throw new Error('conflict');
    this.#store(kind, { ...live, metadata: { ...live.metadata, managedFields: takeOver.managedFields } });
  }

  #store(kind: Kind, object: KubeObject): KubeObject {
    this.#version += 1;
    const metadata = {
      uid: `uid-of-${kind.plural}-${object.metadata.name ?? ''}`,
      ...object.metadata,
      resourceVersion: String(this.#version),
    };
    const stored = { ...object, metadata };
    this.objects.set(objectKey(kind, 'default', metadata.name ?? ''), { kind, object: stored });
    return stored;
  }
}

function completed(object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  applyBuiltinDefaults(copy);
  return copy;
}

function schemaOf(object: KubeObject) {
  return builtinSchema(gvkOf(object));
}

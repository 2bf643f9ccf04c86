import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@pgherd/kube/objects';
import type { KubeObject, PolicyRule, Resource, RoleBinding, RoleRef, Subject } from '@pgherd/kube/objects';
import type { Registry, User, Watch } from '../registry/registry.ts';

/** Rules that somebody has, and through which objects. */
export interface Grant {
  rules: readonly PolicyRule[];
  /** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  origin: string;
  /** The binding names a role that does not exist. */
  missingRole?: string;
}

interface Compiled {
  /** By subject, for everything. */
  cluster: Map<string, Grant[]>;
  /** By namespace, then by subject. */
  namespaces: Map<string, Map<string, Grant[]>>;
}

/** Who has which rules: kept up to date by watches, compiled on the first question after a change. */
export class RbacIndex {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #watches: Watch[];
  #compiled: Compiled | undefined;

  constructor(registry: Pick<Registry, 'watch'>) {
    this.#watches = [roles, clusterRoles, roleBindings, clusterRoleBindings].map((resource) =>
      this.#follow(registry, resource),
    );
  }

  /** Everything that the user has in the namespace; without one, only what he has cluster-wide. */
  grants(user: User, namespace: string | undefined): Grant[] {
    this.#compiled ??= this.#compile();
    const { cluster, namespaces } = this.#compiled;
    const local = namespace ? namespaces.get(namespace) : undefined;
    const subjects = [`User/${user.name}`, ...user.groups.map((group) => `Group/${group}`)];
    return [cluster, local].flatMap((map) =>
      map ? subjects.flatMap((subject) => map.get(subject) ?? []) : [],
    );
  }

  /** Rules of the role that a binding refers to; `undefined` when it does not exist. */
  rulesOf(roleRef: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    const plural = roleRef.kind === 'ClusterRole' ? clusterRoles.plural : roles.plural;
    const key = roleRef.kind === 'ClusterRole' ? `/${roleRef.name}` : `${namespace ?? ''}/${roleRef.name}`;
    const role = this.#objects.get(plural)?.get(key);
    return role && ((role['rules'] as PolicyRule[] | null | undefined) ?? []);
  }

  /** The role or binding as it is; `undefined` when it does not exist. */
  find(plural: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(plural)?.get(`${namespace ?? ''}/${name}`);
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  #follow(registry: Pick<Registry, 'watch'>, resource: Resource): Watch {
    const objects = new Map<string, KubeObject>();
    this.#objects.set(resource.plural, objects);
    return registry.watch(resource, {}, ({ type, object }) => {
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
      if (type === 'DELETED') objects.delete(key);
      else if (type === 'ADDED' || type === 'MODIFIED') objects.set(key, object);
      this.#compiled = undefined;
    });
  }

  #compile(): Compiled {
    const compiled: Compiled = { cluster: new Map(), namespaces: new Map() };
    for (const object of this.#objects.get(clusterRoleBindings.plural)?.values() ?? []) {
      this.#addBinding(compiled.cluster, 'ClusterRoleBinding', object as unknown as RoleBinding);
    }
    for (const object of this.#objects.get(roleBindings.plural)?.values() ?? []) {
      const namespace = object.metadata.namespace ?? '';
      const map = compiled.namespaces.get(namespace) ?? new Map<string, Grant[]>();
      compiled.namespaces.set(namespace, map);
      this.#addBinding(map, 'RoleBinding', object as unknown as RoleBinding);
    }
    return compiled;
  }

  #addBinding(map: Map<string, Grant[]>, kind: string, binding: RoleBinding): void {
    const { name, namespace } = binding.metadata;
    const { roleRef } = binding;
    const rules = this.rulesOf(roleRef, namespace);
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace);
      const where = namespace === undefined ? '' : ` in namespace "${namespace}"`;
      const grant: Grant = {
        rules: rules ?? [],
        origin: `${kind} "${name}"${where} of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}"`,
        ...(rules ? {} : { missingRole: `${roleRef.kind} "${roleRef.name}"` }),
      };
      map.set(key, [...(map.get(key) ?? []), grant]);
    }
  }
}

/** Service accounts are users with a name of their own. */
function subjectKey(subject: Subject, bindingNamespace: string | undefined): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}/${subject.name}`;
  return `User/system:serviceaccount:${subject.namespace ?? bindingNamespace ?? ''}:${subject.name}`;
}

import { ApiError } from '@pgherd/kube/objects';
import type { KubeObject, PolicyRule, RoleRef } from '@pgherd/kube/objects';
import { sameJson } from '../controllers/objects.ts';
import type { Registry, User } from '../registry/registry.ts';
import type { Attributes, Authorizer, Decision } from './auth.ts';
import { RbacIndex } from './rbac-index.ts';
import { describeRule, missingRules, ruleAllows } from './rbac-rules.ts';

/** Members may do everything, whatever the objects say: the way in when RBAC is broken. */
export const MASTERS = 'system:masters';

/** The authorizer with what the API server's own RBAC resources need besides. */
export interface RbacAuthorizer extends Authorizer {
  /** All rules that the user has in a namespace (and cluster-wide): SelfSubjectRulesReview, escalation checks. */
  rulesFor(user: User, namespace: string | undefined): PolicyRule[];
  /** `status` of a SelfSubjectRulesReview. */
  reviewRules(user: User, namespace: string): Record<string, unknown>;
  /**
   * To be called before a Role, ClusterRole, RoleBinding or ClusterRoleBinding is created or updated on a user's
   * behalf. Throws 403 when it would hand out rights that the user has not, and may not `escalate` or `bind` either.
   */
  checkEscalation(user: User, kind: string, namespace: string | undefined, object: KubeObject): void;
  close(): void;
}

const GROUP = 'rbac.authorization.k8s.io';
const EVERYTHING: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Role-based access control exactly as Kubernetes defines it, from an index that watches keep up to date. */
export function createAuthorizer(registry: Pick<Registry, 'watch'>): RbacAuthorizer {
  const index = new RbacIndex(registry);

  const authorize = (attributes: Attributes): Decision => {
    const { user } = attributes;
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: `member of ${MASTERS}` };
    const grants = index.grants(user, attributes.path === undefined ? attributes.namespace : undefined);
    for (const { rules, origin } of grants) {
      if (rules.some((rule) => ruleAllows(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${origin}` };
      }
    }
    const missing = [...new Set(grants.flatMap(({ missingRole }) => missingRole ?? []))];
    return { allowed: false, reason: missing.length > 0 ? `RBAC: ${missing.join(', ')} not found` : '' };
  };

  const rulesFor = (user: User, namespace: string | undefined): PolicyRule[] =>
    user.groups.includes(MASTERS) ? EVERYTHING : index.grants(user, namespace).flatMap(({ rules }) => rules);

  return {
    authorize,
    rulesFor,
    reviewRules(user, namespace) {
      const rules = rulesFor(user, namespace);
      return {
        resourceRules: rules
          .filter((rule) => rule.resources?.length)
          .map(({ verbs, apiGroups, resources, resourceNames }) => ({
            verbs,
            apiGroups,
            resources,
            ...(resourceNames?.length ? { resourceNames } : {}),
          })),
        nonResourceRules: rules
          .filter((rule) => rule.nonResourceURLs?.length)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: false,
      };
    },
    checkEscalation(user, kind, namespace, object) {
      const name = object.metadata.name ?? '';
      // Who changes labels only hands out nothing.
      if (grantsTheSame(index.find(`${kind.toLowerCase()}s`, namespace, name), object)) return;
      const isBinding = kind === 'RoleBinding' || kind === 'ClusterRoleBinding';
      const roleRef = object['roleRef'] as RoleRef | undefined;
      const role = isBinding ? { kind: roleRef?.kind ?? '', name: roleRef?.name ?? '' } : { kind, name };
      const special: Attributes = {
        user,
        verb: isBinding ? 'bind' : 'escalate',
        group: GROUP,
        resource: `${role.kind.toLowerCase()}s`,
        name: role.name,
        ...(namespace === undefined ? {} : { namespace }),
      };
      if (authorize(special).allowed) return;
      const wanted = isBinding
        ? roleRef && index.rulesOf(roleRef, namespace)
        : ((object['rules'] as PolicyRule[] | null | undefined) ?? []);
      const resource = `${kind.toLowerCase()}s`;
      const details = { name, group: GROUP, kind: resource };
      if (!wanted) {
        const plural = `${role.kind.toLowerCase()}s.${GROUP}`;
        throw new ApiError(404, 'NotFound', `${plural} "${role.name}" not found`, details);
      }
      const aggregates =
        !isBinding && object['aggregationRule'] !== undefined && object['aggregationRule'] !== null;
      const missing = missingRules(rulesFor(user, namespace), aggregates ? EVERYTHING : wanted);
      if (missing.length === 0) return;
      throw new ApiError(
        403,
        'Forbidden',
        `${resource}.${GROUP} "${name}" is forbidden: user "${user.name}" (groups=${JSON.stringify(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${missing.map(describeRule).join('\n')}`,
        details,
      );
    },
    close: () => index.close(),
  };
}

function grantsTheSame(old: KubeObject | undefined, next: KubeObject): boolean {
  const fields = ['rules', 'aggregationRule', 'roleRef', 'subjects'];
  return old !== undefined && fields.every((field) => sameJson(old[field] ?? null, next[field] ?? null));
}

/** Kubernetes' wording of a refusal, the message of the 403. */
export function forbiddenMessage(attributes: Attributes, reason = ''): string {
  const { user, verb, group = '', resource = '', subresource, namespace, name, path } = attributes;
  const suffix = reason === '' ? '' : `: ${reason}`;
  if (path !== undefined) return `forbidden: User "${user.name}" cannot ${verb} path "${path}"${suffix}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const combined = subresource ? `${resource}/${subresource}` : resource;
  const object = name ? ` "${name}"` : '';
  const scope = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  return `${qualified}${object} is forbidden: User "${user.name}" cannot ${verb} resource "${combined}" in API group "${group}" ${scope}${suffix}`;
}

import type { PolicyRule } from '@pgherd/kube/objects';
import type { Attributes } from './auth.ts';

/** Does one RBAC rule allow the request? https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined) return pathMatches(rule.nonResourceURLs ?? [], attributes.path);
  const { group = '', resource = '', subresource, name } = attributes;
  return (
    hasOrAll(rule.apiGroups ?? [], group) &&
    resourceMatches(rule.resources ?? [], resource, subresource) &&
    nameMatches(rule.resourceNames ?? [], name)
  );
}

function hasOrAll(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes('*') || allowed.includes(wanted);
}

function resourceMatches(allowed: readonly string[], resource: string, subresource?: string): boolean {
  const combined = subresource ? `${resource}/${subresource}` : resource;
  if (hasOrAll(allowed, combined)) return true;
  return subresource !== undefined && subresource !== '' && allowed.includes(`*/${subresource}`);
}

/** No names: all objects. With names, requests that name no object (create, list of all) are not allowed. */
function nameMatches(allowed: readonly string[], name: string | undefined): boolean {
  return allowed.length === 0 || (name !== undefined && allowed.includes(name));
}

function pathMatches(allowed: readonly string[], path: string): boolean {
  return allowed.some(
    (pattern) =>
      pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
  );
}

/**
 * The rules of `wanted` that `owned` does not grant, taken apart into single permissions; empty: all are granted.
 * Kubernetes' check against privilege escalation: nobody may hand out rights that he does not have.
 */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((single) => !owned.some((rule) => ruleCovers(rule, single)));
}

/** Does `owned` grant all that `wanted` does? */
export function covers(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): boolean {
  return missingRules(owned, wanted).length === 0;
}

/** One rule as rules of one verb, group, resource and name each. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames && rule.resourceNames.length > 0 ? rule.resourceNames : [undefined];
  const singles: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        for (const name of names) {
          singles.push({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(name === undefined ? {} : { resourceNames: [name] }),
          });
        }
      }
    }
    for (const url of rule.nonResourceURLs ?? []) singles.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return singles;
}

function ruleCovers(owner: PolicyRule, single: PolicyRule): boolean {
  const [verb = ''] = single.verbs;
  if (!hasOrAll(owner.verbs, verb)) return false;
  const [url] = single.nonResourceURLs ?? [];
  if (url !== undefined) return pathMatches(owner.nonResourceURLs ?? [], url);
  const [group = ''] = single.apiGroups ?? [];
  const [combined = ''] = single.resources ?? [];
  const [name] = single.resourceNames ?? [];
  const [resource = '', subresource] = combined.split('/', 2);
  return (
    hasOrAll(owner.apiGroups ?? [], group) &&
    resourceMatches(owner.resources ?? [], resource, subresource) &&
    nameMatches(owner.resourceNames ?? [], name)
  );
}

/** A rule in few words, as Kubernetes lists the missing ones. */
export function describeRule(rule: PolicyRule): string {
  const list = (values: readonly string[] | undefined): string =>
    `[${(values ?? []).map((v) => JSON.stringify(v)).join(',')}]`;
  const parts = rule.nonResourceURLs?.length
    ? [`NonResourceURLs:${list(rule.nonResourceURLs)}`]
    : [
        `APIGroups:${list(rule.apiGroups)}`,
        `Resources:${list(rule.resources)}`,
        ...(rule.resourceNames?.length ? [`ResourceNames:${list(rule.resourceNames)}`] : []),
      ];
  return `{${[...parts, `Verbs:${list(rule.verbs)}`].join(', ')}}`;
}

import type { EnvVar } from '@pgherd/kube/objects';

/** A variable whose value is a key of a Secret. */
export function fromSecret(name: string, secret: string, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** A variable whose value is a field of the pod. */
export function fromField(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}

/** The order of keys in what somebody wrote says nothing, so it is not passed on. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A string that is there and not empty. */
export function isSet(value: string | null | undefined): value is string {
  return value !== undefined && value !== null && value !== '';
}

/** One variable, or none where there is no value. */
export function ifSet(name: string, value: string | undefined): EnvVar[] {
  return isSet(value) ? [{ name, value }] : [];
}

/** Drops later definitions of a name that is already there, letter case aside. */
export function firstWins(variables: EnvVar[]): EnvVar[] {
  const seen = new Set<string>();
  return variables.filter(({ name }) => {
    const key = name.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}

import { isNotFound, type Client } from '@pgherd/kube/client';
import { namespaces as namespaceKind } from '@pgherd/kube/objects';
import type { Namespaces } from './namespaces.ts';
import { missingRights, type MissingRight, type Right } from './rights.ts';

/** Which of the watched namespaces the operator may work in, and what is wrong with the others. */
export interface Reachable {
  namespaces: Namespaces;
  /** Rights that are missing, whatever they are for. */
  missing: MissingRight[];
  /** Why a namespace is left alone, by namespace. */
  refused: Map<string, string>;
  /** Namespaces that do not exist; they are watched nevertheless, as far as rights allow. */
  absent: string[];
}

/** Asks the API server. One namespace that the operator has no rights in does not stop the others. */
export async function findReachable(
  client: Pick<Client, 'canI' | 'find'>,
  rights: readonly Right[],
  namespaces: Namespaces,
  own: string,
): Promise<Reachable> {
  const watched = rights.filter(({ scope }) => scope === 'watched');
  const elsewhere = rights.filter(({ scope }) => scope !== 'watched');
  const missing = await missingRights(client, elsewhere, { watched: namespaces, own });
  if (namespaces === '*') {
    missing.push(...(await missingRights(client, watched, { watched: '*', own })));
    return { namespaces, missing, refused: new Map(), absent: [] };
  }
  const refused = new Map<string, string>();
  const absent: string[] = [];
  for (const namespace of namespaces) {
    const lacking = await missingRights(client, watched, { watched: [namespace], own });
    missing.push(...lacking);
    const essential = lacking.filter((each) => each.essential).map(({ what }) => what);
    if (essential.length > 0) refused.set(namespace, essential.join(', '));
    else if (await isAbsent(client, namespace)) absent.push(namespace);
  }
  return { namespaces: namespaces.filter((each) => !refused.has(each)), missing, refused, absent };
}

/** Who may not ask does not know, and takes it to be there. */
async function isAbsent(client: Pick<Client, 'find'>, name: string): Promise<boolean> {
  try {
    return (await client.find(namespaceKind, { name })) === undefined;
  } catch (error) {
    return isNotFound(error);
  }
}

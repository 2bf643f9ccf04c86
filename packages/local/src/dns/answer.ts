import { clusterDomain, type Zone, type ZoneRecord } from './zone.ts';

/** What a client asks; `type` is the record type's name (`A`), class is always `IN`. */
export interface Question {
  name: string;
  type: string;
}

/** A record of an answer with its owner. */
export interface NamedRecord {
  name: string;
  record: ZoneRecord;
}

/** What this server says by itself. */
export interface LocalAnswer {
  rcode: 'NOERROR' | 'NXDOMAIN';
  answers: NamedRecord[];
  additionals: NamedRecord[];
  /** Domain whose SOA stands in the authority section; set when `answers` is empty. */
  soa?: string;
  /** The answer ends with an alias to a name outside: ask upstream for it and append what it says. */
  follow?: string;
}

/** Longest chain of aliases that is followed. */
const maxAliases = 8;

/** Answers a question, `undefined` when the name is not of this cluster: ask upstream. Pure. */
export function answer(question: Question, zone: Zone): LocalAnswer | undefined {
  let name = question.name.toLowerCase().replace(/\.$/, '');
  let domain = domainOf(name, zone);
  if (domain === undefined) return undefined;

  const result: LocalAnswer = { rcode: 'NOERROR', answers: [], additionals: [] };
  for (let depth = 0; depth <= maxAliases; depth++) {
    const records = zone.names.get(name);
    if (records === undefined) {
      result.rcode = 'NXDOMAIN';
      break;
    }
    const matching = records.filter(({ type }) => type === question.type || question.type === 'ANY');
    if (matching.length > 0) {
      result.answers.push(...matching.map((record) => ({ name, record })));
      break;
    }
    const alias = records.find((record): record is ZoneRecord & { type: 'CNAME' } => record.type === 'CNAME');
    if (alias === undefined) break;
    result.answers.push({ name, record: alias });
    name = alias.target;
    domain = domainOf(name, zone) ?? domain;
    if (domainOf(name, zone) === undefined) {
      result.follow = name;
      break;
    }
  }
  if (result.answers.length === 0 || result.rcode === 'NXDOMAIN') result.soa = domain;

  for (const { record } of result.answers) {
    if (record.type !== 'SRV' && record.type !== 'NS') continue;
    for (const address of zone.names.get(record.target) ?? []) {
      const known = result.additionals.some(
        (other) => other.name === record.target && JSON.stringify(other.record) === JSON.stringify(address),
      );
      if (address.type === 'A' && !known) result.additionals.push({ name: record.target, record: address });
    }
  }
  return result;
}

function domainOf(name: string, zone: Zone): string | undefined {
  return [clusterDomain, ...zone.reverseDomains].find(
    (domain) => name === domain || name.endsWith(`.${domain}`),
  );
}

import { object, string } from '../schema/node.ts';
import { cpuPattern, sizePattern } from './patterns.ts';

function amounts(what: string) {
  return object(`${what} of CPU, memory and huge pages.`, {
    cpu: string(`CPU ${what.toLowerCase()}: cores (\`0.5\`) or millicores (\`500m\`).`, {
      pattern: cpuPattern,
    }),
    memory: string(`Memory ${what.toLowerCase()} as a quantity, e.g. \`500Mi\`.`, { pattern: sizePattern }),
    'hugepages-2Mi': string('Memory in huge pages of 2 MiB.', { pattern: sizePattern }),
    'hugepages-1Gi': string('Memory in huge pages of 1 GiB.', { pattern: sizePattern }),
  });
}

/** Requests and limits of one container. A missing, empty, `0` or `null` amount means the operator's default. */
export function resources(description: string) {
  return object(description, { requests: amounts('Request'), limits: amounts('Limit') });
}

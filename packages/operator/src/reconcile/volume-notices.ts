import { parseQuantity, type Configuration, type Postgresql, type Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { dataClaims, type DataClaim } from '../volumes/data-claims.ts';

/** What is to be said of volumes that have another size than the manifest's, and keep it. */
export function volumeNotices(
  manifest: Postgresql,
  { storage_resize_mode: mode }: Configuration,
  observed: Observed,
): Problem[] {
  const { size } = manifest.spec.volume;
  const wanted = parseQuantity(size) ?? 0;
  const claims = dataClaims(observed);
  const larger = claims.filter(({ requested }) => requested.bytes > wanted);
  const smaller = mode === 'off' ? claims.filter(({ requested }) => requested.bytes < wanted) : [];
  const problem = (message: string): Problem => ({ severity: 'warning', field: 'spec.volume.size', message });
  return [
    ...(larger.length === 0
      ? []
      : [
          problem(
            `${listed(larger)} stay as they are, because volumes never shrink; new members would get ${size}: ` +
              'set it to the largest of them.',
          ),
        ]),
    ...(smaller.length === 0
      ? []
      : [problem(`${listed(smaller)} stay as they are, because storage_resize_mode is off.`)]),
  ];
}

function listed(claims: readonly DataClaim[]): string {
  return claims.map(({ name, requested }) => `${name} (${requested.text})`).join(', ');
}

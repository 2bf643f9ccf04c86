import { roleName } from '../postgresql/patterns.ts';
import type { Check, Report } from './report.ts';
import { isReserved, nameLength } from './role-names.ts';

function checkUserName(name: string, report: Report): void {
  const field = `spec.users.${name}`;
  if (!roleName.test(name)) {
    report.error(
      field,
      `\`${name}\` cannot be used as a name; use lower-case letters, digits, dashes and underscores (and dots between them), beginning and ending with a letter or digit.`,
    );
  } else if (name.length > nameLength) {
    report.error(field, `the name has ${name.length} characters; PostgreSQL allows ${nameLength}.`);
  } else if (isReserved(name)) {
    report.error(field, `PostgreSQL reserves the name \`${name}\`; choose another one.`);
  }
}

function checkFlags(field: string, flags: string[], report: Report): void {
  const lower = flags.map((flag) => flag.toLowerCase());
  for (const flag of new Set(lower)) {
    if (flag !== 'login' && flag.startsWith('no') && lower.includes(flag.slice(2)))
      report.error(field, `\`${flag.slice(2)}\` and \`${flag}\` contradict each other; remove one of them.`);
  }
}

/** `spec.users` and the lists that name some of them. */
export const checkUsers: Check = (manifest, _configuration, report) => {
  const users = manifest.spec.users ?? {};
  const secretOf = new Map<string, string>();
  for (const [name, flags] of Object.entries(users)) {
    checkUserName(name, report);
    checkFlags(`spec.users.${name}`, flags ?? [], report);
    const secret = name.replaceAll('_', '-');
    const other = secretOf.get(secret);
    if (other !== undefined)
      report.error(
        `spec.users.${name}`,
        `its Secret would have the same name as the one of \`${other}\`, because \`_\` becomes \`-\`; rename one of them.`,
      );
    secretOf.set(secret, name);
  }
  const lists = [
    'usersIgnoringSecretRotation',
    'usersWithSecretRotation',
    'usersWithInPlaceSecretRotation',
  ] as const;
  for (const list of lists) {
    for (const name of manifest.spec[list] ?? []) {
      const elsewhere = lists.find((other) => other !== list && manifest.spec[other]?.includes(name));
      if (elsewhere !== undefined && lists.indexOf(elsewhere) < lists.indexOf(list))
        report.error(
          `spec.${list}`,
          `\`${name}\` is also in spec.${elsewhere}; remove it from one of the two.`,
        );
    }
  }
};

import { type Attributes, type DeclaredRole, attributeNames } from '../declared.ts';
import { identifier } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { because, secretStatement, step, type Statement, type Step } from './step.ts';

/** Makes the role, or changes its attributes and password. */
export function roleSteps(role: DeclaredRole, { observed, verifiers }: PlanContext): Step[] {
  const existing = observed.roles.get(role.name);
  const verifier = verifiers.get(role.name);
  if (!existing) {
    const statement = roleStatement('CREATE', role.name, role.attributes, verifier);
    return [step(`create role ${role.name}`, because(role, 'there is no such role'), [statement])];
  }
  const differing: Attributes = {};
  for (const attribute of attributeNames) {
    const wanted = role.attributes[attribute];
    if (wanted !== undefined && wanted !== existing.attributes[attribute]) differing[attribute] = wanted;
  }
  const words = attributeWords(differing);
  if (words === '' && verifier === undefined) return [];
  const reasons = [
    ...(words === '' ? [] : [`attributes: ${words.toLowerCase()}`]),
    ...(verifier === undefined ? [] : ['the password is another than in the Secret']),
  ];
  return [
    step(`change role ${role.name}`, because(role, reasons.join('; ')), [
      roleStatement('ALTER', role.name, differing, verifier),
    ]),
  ];
}

function attributeWords(attributes: Attributes): string {
  return attributeNames
    .filter((name) => attributes[name] !== undefined)
    .map((name) => (attributes[name] === true ? name : `no${name}`).toUpperCase())
    .join(' ');
}

function roleStatement(
  verb: 'CREATE' | 'ALTER',
  name: string,
  attributes: Attributes,
  verifier: string | undefined,
): Statement {
  const words = attributeWords(attributes);
  const statement = `${verb} ROLE ${identifier(name)}${words === '' ? '' : ` ${words}`}`;
  if (verifier === undefined) return statement;
  return secretStatement(verifier, (quoted) => `${statement} PASSWORD ${quoted}`);
}

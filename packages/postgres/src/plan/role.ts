import { type Attributes, type DeclaredRole, attributeNames } from '../declared.ts';
import { commentOf, markOf } from '../mark.ts';
import type { ObservedRole } from '../observe/roles.ts';
import { identifier, literal } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { because, objectName, secretStatement, step, type Statement, type Step } from './step.ts';

/** Makes the role, or changes its attributes and password; marks it when it is a person's. */
export function roleSteps(role: DeclaredRole, context: PlanContext): Step[] {
  const existing = context.observed.roles.get(role.name);
  const verifier = context.verifiers.get(role.name);
  const name = identifier(role.name);
  const comment = newComment(role, existing);
  const marking =
    comment === undefined ? [] : [`COMMENT ON ROLE ${name} IS ${comment === '' ? 'NULL' : literal(comment)}`];
  if (!existing) {
    const statement = withPassword(`CREATE ROLE ${name}${attributeWords(role.attributes)}`, verifier);
    const why = because(role, 'there is no such role');
    return [step(`create role ${role.name}`, why, [statement]), ...markStep(role, why, marking)];
  }
  const steps = markStep(role, because(role, role.person === true ? 'a person’s' : 'no person’s'), marking);
  const words = attributeWords(differingAttributes(role, existing, context));
  const password = verifier ?? (role.password === null && existing.verifier !== null ? null : undefined);
  if (words === '' && password === undefined) return steps;
  const reasons = [
    ...(words === '' ? [] : [`attributes:${words.toLowerCase()}`]),
    ...(typeof password === 'string' ? ['the password is another than in the Secret'] : []),
    ...(password === null ? ['it must not have a password'] : []),
  ];
  const statement = withPassword(`ALTER ROLE ${name}${words}`, password);
  return [step(`change role ${role.name}`, because(role, reasons.join('; ')), [statement]), ...steps];
}

function markStep(role: DeclaredRole, why: string, marking: string[]): Step[] {
  return marking.length === 0 ? [] : [step(`comment on role ${role.name}`, why, marking)];
}

/** The comment that the role should get; undefined: it keeps the one that it has. */
function newComment(role: DeclaredRole, existing: ObservedRole | undefined): string | undefined {
  const comment = existing?.comment ?? '';
  const mark = markOf(comment);
  const rest = mark === undefined ? comment : mark.rest;
  const wanted = role.person === true ? commentOf({ rest }) : rest;
  return wanted === comment ? undefined : wanted;
}

function differingAttributes(
  role: DeclaredRole,
  existing: ObservedRole,
  { observed, conflicts }: PlanContext,
): Attributes {
  const differing: Attributes = {};
  for (const attribute of attributeNames) {
    const wanted = role.attributes[attribute];
    if (wanted === undefined || wanted === existing.attributes[attribute]) continue;
    if (!wanted && role.name === observed.user && (attribute === 'superuser' || attribute === 'login')) {
      conflicts.push({
        object: objectName('role', role.name),
        message: `it cannot lose ${attribute.toUpperCase()}, because the operator logs in as this role; remove it from ${role.source ?? 'the declaration'}.`,
      });
    } else {
      differing[attribute] = wanted;
    }
  }
  return differing;
}

/** Each with a space in front. */
function attributeWords(attributes: Attributes): string {
  return attributeNames
    .filter((name) => attributes[name] !== undefined)
    .map((name) => ` ${attributes[name] === true ? '' : 'NO'}${name.toUpperCase()}`)
    .join('');
}

/** `password`: a verifier, null for none, undefined to leave it out. */
function withPassword(statement: string, password: string | null | undefined): Statement {
  if (password === undefined) return statement;
  if (password === null) return `${statement} PASSWORD NULL`;
  return secretStatement(password, (quoted) => `${statement} PASSWORD ${quoted}`);
}

import { type Attributes, type DeclaredRole, attributeNames } from '../declared.ts';
import { commentOf, markOf } from '../mark.ts';
import type { ObservedRole } from '../observe/roles.ts';
import { identifier, literal, readable } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { outsidersOf, withoutOutsiders } from './outsiders.ts';
import { because, objectName, secretStatement, step, type Statement, type Step } from './step.ts';

/**
 * Makes the roles, changes their attributes and passwords, and marks those of people. Steps with verifiers come one
 * after the other, because they share no transaction with others.
 */
export function roleSteps(roles: readonly DeclaredRole[], context: PlanContext): Step[] {
  const steps = roles.flatMap((role) => changeSteps(role, context));
  const open = steps.filter(({ secret }) => !secret);
  const secret = steps.filter((each) => each.secret);
  return [...open, ...secret, ...roles.flatMap((role) => markSteps(role, context))];
}

function changeSteps(role: DeclaredRole, context: PlanContext): Step[] {
  const existing = context.observed.roles.get(role.name);
  const verifier = context.verifiers.get(role.name);
  const name = identifier(role.name);
  if (!existing) {
    const statement = withPassword(`CREATE ROLE ${name}${attributeWords(role.attributes)}`, verifier);
    const mark = verifier === undefined ? markStatements(role, existing) : [];
    return [
      step(`create role ${readable(role.name)}`, because(role, 'there is no such role'), [
        statement,
        ...mark,
      ]),
    ];
  }
  const words = attributeWords(differingAttributes(role, existing, context));
  const password = verifier ?? (role.password === null && existing.verifier !== null ? null : undefined);
  if (words === '' && password === undefined) return [];
  const reasons = [
    ...(words === '' ? [] : [`attributes:${words.toLowerCase()}`]),
    ...(typeof password === 'string' ? ['the password is another than in the Secret'] : []),
    ...(password === null ? ['it must not have a password'] : []),
  ];
  const statement = withPassword(`ALTER ROLE ${name}${words}`, password);
  return [step(`change role ${readable(role.name)}`, because(role, reasons.join('; ')), [statement])];
}

/** For roles that are there, or are made with a verifier; the others are marked as they are made. */
function markSteps(role: DeclaredRole, { observed, verifiers }: PlanContext): Step[] {
  const existing = observed.roles.get(role.name);
  if (!existing && !verifiers.has(role.name)) return [];
  const statements = markStatements(role, existing);
  const why = because(role, role.person === true ? 'it is a person’s' : 'it is no person’s any more');
  return statements.length === 0 ? [] : [step(`comment on role ${readable(role.name)}`, why, statements)];
}

function markStatements(role: DeclaredRole, existing: ObservedRole | undefined): string[] {
  const comment = newComment(role, existing);
  if (comment === undefined) return [];
  return [`COMMENT ON ROLE ${identifier(role.name)} IS ${comment === '' ? 'NULL' : literal(comment)}`];
}

/** The comment that the role should get; undefined: it keeps the one that it has. */
function newComment(role: DeclaredRole, existing: ObservedRole | undefined): string | undefined {
  const comment = existing?.comment ?? '';
  const mark = markOf(comment);
  const rest = mark === undefined ? comment : mark.rest;
  const wanted = role.person === true ? commentOf({ rest }) : rest;
  return wanted === comment ? undefined : wanted;
}

function differingAttributes(role: DeclaredRole, existing: ObservedRole, context: PlanContext): Attributes {
  const { observed, conflicts } = context;
  const differing: Attributes = {};
  for (const attribute of attributeNames) {
    const wanted = role.attributes[attribute];
    if (wanted === undefined || wanted === existing.attributes[attribute]) continue;
    if (!wanted && role.name === observed.user && (attribute === 'superuser' || attribute === 'login')) {
      conflicts.push({
        object: objectName('role', role.name),
        message: `it cannot lose ${attribute.toUpperCase()}, because the operator logs in as this role; remove it from ${role.source ?? 'the declaration'}.`,
      });
      continue;
    }
    const outsiders = wanted && attribute === 'superuser' ? outsidersOf(role, context) : [];
    if (outsiders.length === 0) differing[attribute] = wanted;
    else
      conflicts.push({
        object: objectName('role', role.name),
        message: because(role, `it is not made a superuser, because ${withoutOutsiders(role, outsiders)}`),
      });
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

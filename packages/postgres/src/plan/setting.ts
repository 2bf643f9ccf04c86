import type { DeclaredRole } from '../declared.ts';
import { settingAssignment, settingKey, settingMatches, settingProblem } from '../setting.ts';
import { identifier, readable } from '../sql.ts';
import type { PlanContext } from './context.ts';
import { because, objectName, step, type Step } from './step.ts';

/** Sets the parameters that differ, each on its own, so that a bad value keeps none of the others from being set. */
export function settingSteps(role: DeclaredRole, { observed, conflicts }: PlanContext): Step[] {
  const stored = observed.roles.get(role.name)?.settings;
  const seen = new Set<string>();
  return Object.entries(role.settings ?? {}).flatMap(([name, value]): Step[] => {
    const key = settingKey(name);
    const problem =
      settingProblem(name, value) ?? (seen.has(key) ? `the parameter ${key} is set twice` : undefined);
    seen.add(key);
    if (problem !== undefined) {
      conflicts.push({ object: objectName('role', role.name), message: `${because(role, problem)}.` });
      return [];
    }
    const current = stored?.get(key);
    if (current !== undefined && settingMatches(name, value, current)) return [];
    return [
      step(
        `set ${readable(name)} for role ${readable(role.name)}`,
        because(role, current === undefined ? 'it is not set' : `it is ${JSON.stringify(current)}`),
        [`ALTER ROLE ${identifier(role.name)} SET ${settingAssignment(name, value)}`],
      ),
    ];
  });
}

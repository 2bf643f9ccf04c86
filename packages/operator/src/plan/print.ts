import { stepsOf, type Plan } from './step.ts';

/** The plan as text: one step a paragraph, what first, then how much it disturbs, then every reason. */
export function printPlan(plan: Plan): string {
  const steps = stepsOf(plan);
  if (steps.length === 0) return 'Nothing to do.\n';
  return steps
    .map((step, index) => {
      const wait = step.waitFor === undefined ? [] : [`     waits until: ${step.waitFor}`];
      const why = step.why.map((reason) => `     because ${reason}`);
      return [`${String(index + 1).padStart(3)}. ${step.what}  [${step.disturbs}]`, ...why, ...wait].join(
        '\n',
      );
    })
    .join('\n')
    .concat('\n');
}

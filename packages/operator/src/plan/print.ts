import { isDeepStrictEqual } from 'node:util';
import { stepsOf, type Disturbance, type Plan, type Step, type Track } from './step.ts';

/** How a person calls what a track is about. */
const titles: Record<Track['name'], string> = {
  objects: 'Objects',
  volumes: 'Volumes',
  pods: 'Pods',
  replicas: 'Replicas',
  configuration: "Patroni's configuration",
  database: 'Roles and databases',
  deletion: 'Deletion',
};

/** What those who use the database notice. */
const felt: Record<Exclude<Disturbance, 'nothing'>, string> = {
  reload: 'settings are read again, connections go on',
  restart: 'connections to this member or pooler end, the others go on',
  switchover: 'another member becomes the primary: writes wait for some seconds, its connections end',
  downtime: 'the database is away until this is done',
};

/** A very long name of a step must not push everything else to the right. */
const widest = 60;

/**
 * The plan as text for people: steps by what they are about, numbered in the order in which they are done; how much
 * each disturbs; every reason, once; and in the end what is felt of all of it.
 */
export function printPlan(plan: Plan): string {
  const steps = stepsOf(plan);
  if (steps.length === 0) return 'Nothing to do.\n';
  const column = Math.min(widest, Math.max(...steps.map(({ what }) => what.length)));
  let number = 0;
  // Tracks about the same thing stand under one title.
  const names = [...new Set(plan.tracks.map(({ name }) => name))];
  const parts = names.map((name) => {
    const own = plan.tracks.filter((track) => track.name === name).flatMap((track) => track.steps);
    const lines = own.flatMap((step, index) => printStep(step, (number += 1), column, own[index - 1]));
    return [titles[name], ...lines].join('\n');
  });
  return [...parts, summary(steps)].join('\n\n').concat('\n');
}

function printStep(step: Step, number: number, column: number, before: Step | undefined): string[] {
  const { what, why, disturbs, waitFor, clients = [] } = step;
  const mark = disturbs === 'nothing' ? '' : `  ${disturbs}`;
  const repeated = why.length > 0 && before !== undefined && isDeepStrictEqual(why, before.why);
  const reasons = repeated ? [why.length === 1 ? 'for the same reason' : 'for the same reasons'] : why;
  return [
    `${String(number).padStart(4)}. ${mark === '' ? what : what.padEnd(column)}${mark}`,
    ...[...reasons, ...clients].map((line) => `        ${line}`),
    ...(step.sql ?? []).flatMap(statementLines),
    ...(waitFor === undefined ? [] : [`        waits until ${waitFor}`]),
  ];
}

function statementLines(statement: string): string[] {
  return `${statement};`.split('\n').map((line) => `        ${line}`);
}

function summary(steps: Step[]): string {
  const present = (Object.keys(felt) as (keyof typeof felt)[]).filter((disturbance) =>
    steps.some(({ disturbs }) => disturbs === disturbance),
  );
  const counted = `${steps.length} step${steps.length === 1 ? '' : 's'}`;
  if (present.length === 0) return `${counted}. Nobody who uses the database notices.`;
  const width = Math.max(...present.map((disturbance) => disturbance.length));
  const lines = present.map((disturbance) => `  ${disturbance.padEnd(width)}  ${felt[disturbance]}`);
  return [`${counted}. What is noticed:`, ...lines].join('\n');
}

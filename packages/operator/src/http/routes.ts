import type { HealthChecks } from '@pgherd/kube/runtime';
import { failure, json, text, type Answer } from './answer.ts';
import { clusterAnswer, clustersByTeam, clustersOfTeam, databases, ofCluster } from './cluster-answers.ts';
import { configurationAnswer } from './configuration-answer.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import * as schemas from './schemas.ts';
import type { Subject } from './subject.ts';
import {
  clusterHistory,
  clusterLogs,
  ofAllWorkers,
  ofWorker,
  queueSize,
  workerLogs,
  workerQueue,
  workerStatus,
} from './worker-answers.ts';

const plain = { contentType: 'text/plain' };
const notReady = { 503: 'A check fails; the answer names it.' };
const noCluster = { 500: 'There is no such cluster.' };
const noWorker = { 500: 'There is no such worker.' };

/** Every path that the operator serves; the paths and shapes are Zalando's, unless it has no such path. */
export function routesOf(subject: Subject): Route[] {
  const routes = [...probes(subject), ...operator(subject), ...clusters(subject), ...workers(subject)];
  const document: Route = {
    path: '/openapi.json',
    summary: 'This document.',
    answers: schemas.anything,
    handle: () => json(openApiDocument([...routes, document])),
  };
  return [...routes, document];
}

function probes({ live, ready }: Subject): Route[] {
  return [
    {
      path: '/healthz',
      summary: 'Whether the process works; a line for each check.',
      open: true,
      answers: plain,
      failures: notReady,
      handle: () => report(live),
    },
    {
      path: '/livez',
      summary: 'The same as `/healthz`.',
      open: true,
      answers: plain,
      failures: notReady,
      handle: () => report(live),
    },
    {
      path: '/readyz/',
      summary: 'Whether the operator has seen all objects: `"OK"`, as JSON.',
      open: true,
      answers: { ...schemas.string, enum: ['OK'] },
      failures: notReady,
      handle: async () => {
        const { healthy, checks } = await ready.report();
        const wrong = checks
          .filter((check) => !check.healthy)
          .map(({ name, message }) => `${name}: ${message}`);
        return healthy ? json('OK') : failure(503, wrong.join('; '));
      },
    },
    {
      path: '/readyz',
      summary: 'Whether the operator has seen all objects; a line for each check.',
      open: true,
      answers: plain,
      failures: notReady,
      handle: () => report(ready),
    },
  ];
}

async function report(checks: HealthChecks): Promise<Answer> {
  const { healthy, checks: all } = await checks.report();
  const lines = all.map((check) => `${check.healthy ? 'ok' : 'FAILED'} ${check.name}: ${check.message}`);
  return text(`${lines.join('\n') || 'ok'}\n`, healthy ? 200 : 503);
}

function operator(subject: Subject): Route[] {
  return [
    {
      path: '/metrics',
      summary: "What the operator counts, in Prometheus' format.",
      answers: plain,
      handle: async () => {
        const page = await subject.metrics();
        return text(page.text, 200, page.contentType);
      },
    },
    {
      path: '/status/',
      summary: 'When a pass ended last (Unix time), how many clusters there are and wait, and who leads.',
      answers: schemas.operatorStatus,
      handle: () => {
        const { identity, leader, leads } = subject.leadership();
        const { lastFinished } = subject.slots;
        return json({
          LastSyncTime: lastFinished === undefined ? 0 : Math.floor(lastFinished.getTime() / 1000),
          Clusters: subject.manifests().length,
          WorkerQueueSize: ofAllWorkers(subject, queueSize),
          Identity: identity,
          Leader: leader,
          Leads: leads,
        });
      },
    },
    {
      path: '/config/',
      summary: 'The configuration, by the names that Zalando gives it here, without credentials.',
      answers: schemas.shape({ controller: schemas.anything, operator: schemas.anything }),
      handle: () => json(configurationAnswer(subject.settings().configuration, subject.facts)),
    },
    {
      path: '/databases/',
      summary: "Each cluster's databases, as its manifest names them.",
      answers: schemas.mapOf(schemas.list(schemas.string)),
      handle: () => json(databases(subject)),
    },
  ];
}

function clusters(subject: Subject): Route[] {
  const of = ({ namespace = '', cluster = '' }: Record<string, string>, answer: (key: string) => unknown) =>
    ofCluster(subject, namespace, cluster, () => answer(`${namespace}/${cluster}`));
  return [
    {
      path: '/clusters/',
      summary: "Each team's clusters.",
      answers: schemas.mapOf(schemas.list(schemas.string)),
      handle: () => json(clustersByTeam(subject)),
    },
    {
      path: '/clusters/{team}',
      summary: "One team's clusters.",
      answers: schemas.list(schemas.string),
      failures: { 500: 'The team has no clusters.' },
      handle: ({ team = '' }) => clustersOfTeam(subject, team),
    },
    {
      path: '/clusters/{namespace}/{cluster}',
      summary: 'A cluster with its objects, manifest and status.',
      answers: schemas.cluster,
      failures: noCluster,
      handle: ({ namespace = '', cluster = '' }) =>
        ofCluster(subject, namespace, cluster, (manifest) => clusterAnswer(subject, manifest)),
    },
    {
      path: '/clusters/{namespace}/{cluster}/logs',
      summary: 'What this process logged about a cluster lately (`ring_log_lines`), oldest first.',
      answers: schemas.list(schemas.logLine),
      failures: noCluster,
      handle: (parameters) => of(parameters, (key) => clusterLogs(subject, key)),
    },
    {
      path: '/clusters/{namespace}/{cluster}/history',
      summary: 'What this process changed in a cluster lately (`cluster_history_entries`), oldest first.',
      answers: schemas.list(schemas.change),
      failures: noCluster,
      handle: (parameters) => of(parameters, (key) => clusterHistory(subject, key)),
    },
  ];
}

function workers(subject: Subject): Route[] {
  const questions = [
    {
      name: 'logs',
      summary: 'logged lately (`ring_log_lines`), oldest first',
      ask: workerLogs,
      schema: schemas.list(schemas.logLine),
    },
    { name: 'queue', summary: 'has before it', ask: workerQueue, schema: schemas.queue },
    { name: 'status', summary: 'does at the moment', ask: workerStatus, schema: schemas.workerStatus },
  ];
  return questions.flatMap(({ name, summary, ask, schema }): Route[] => [
    {
      path: `/workers/all/${name}`,
      summary: `What each worker ${summary}.`,
      answers: schemas.mapOf(schema),
      handle: () => json(ofAllWorkers(subject, ask)),
    },
    {
      path: `/workers/{id}/${name}`,
      summary: `What one worker ${summary}.`,
      answers: schema,
      failures: noWorker,
      handle: ({ id = '' }) => ofWorker(subject, id, ask),
    },
  ]);
}

/**
 * Writes what the operator is deployed with, as far as it follows from `packages/api` and the operator's rights: the
 * sample configurations in `manifests/`, and the chart's values, schema, definitions and rules. With `--check` it
 * writes nothing, names what is stale, and ends with 1.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  chartDescription,
  chartGroups,
  chartReadme,
  chartSchema,
  chartTypes,
  chartValues,
} from './deployment/chart.ts';
import { configMap, operatorConfiguration } from './deployment/manifests.ts';
import { chartRights, chartViewer } from './deployment/rights.ts';
import { emit, root } from './generated-file.ts';

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const { version } = JSON.parse(text('packages/cli/package.json')) as { version: string };

const definitions = Object.fromEntries(
  readdirSync(join(root, 'manifests/crds')).map((name) => [
    `charts/pgherd/crds/${name}`,
    text(`manifests/crds/${name}`),
  ]),
);

const files = {
  'manifests/configmap.yaml': configMap(),
  'manifests/postgresql-operator-default-configuration.yaml': operatorConfiguration(),
  'charts/pgherd/Chart.yaml': chartDescription(version),
  'charts/pgherd/values.yaml': chartValues(),
  'charts/pgherd/values.schema.json': chartSchema(),
  'charts/pgherd/README.md': chartReadme(text('scripts/deployment/chart-introduction.md')),
  'charts/pgherd/files/groups.yaml': chartGroups(),
  'charts/pgherd/files/types.yaml': chartTypes(),
  'charts/pgherd/files/rights.yaml': chartRights(),
  'charts/pgherd/files/viewer.yaml': chartViewer(text('manifests/operator-viewer-rbac.yaml')),
  ...definitions,
};

process.exit(emit(files, 'scripts/generate-deployment.ts', process.argv.slice(2)));

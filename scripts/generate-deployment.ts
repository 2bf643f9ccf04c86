/**
 * Writes what the operator is deployed with, as far as it follows from `packages/api` and the operator's rights: the
 * sample configurations in `manifests/`, and the chart's values, schema, definitions and rules. With `--check` it
 * writes nothing, names what is stale, and ends with 1.
 */
import { configMap, operatorConfiguration } from './deployment/manifests.ts';
import { emit } from './generated-file.ts';

const files = {
  'manifests/configmap.yaml': configMap(),
  'manifests/postgresql-operator-default-configuration.yaml': operatorConfiguration(),
};

process.exit(emit(files, 'scripts/generate-deployment.ts', process.argv.slice(2)));

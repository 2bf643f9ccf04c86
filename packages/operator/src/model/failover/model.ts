import type { Model } from '../search.ts';
import { keyOf, startOf, type Cluster, type Start } from './cluster.ts';
import { kubernetesSteps } from './kubernetes.ts';
import { operatorSteps, type Behaviour } from './operator.ts';
import { patroniSteps } from './patroni.ts';

/** The lease protocol with everything around it. */
export function failoverModel(start: Start, behaviour: Behaviour): Model<Cluster> {
  return {
    initial: { ...startOf(start), comparing: behaviour.comparing },
    key: keyOf,
    steps: (cluster, next) => {
      patroniSteps(cluster, next);
      kubernetesSteps(cluster, next);
      operatorSteps(cluster, behaviour, next);
    },
    wrong: ({ harm }) => (harm === '' ? undefined : harm),
  };
}

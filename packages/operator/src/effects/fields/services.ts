import type { Entry, Written } from '../effect.ts';

const poolers: Written = { spec: { enableConnectionPooler: true, enableReplicaConnectionPooler: true } };
const balanced: Written = { spec: { enableMasterLoadBalancer: true } };

/** Fields about Services. */
export const serviceFields: Record<string, Entry> = {
  'spec.enableMasterLoadBalancer': {
    change: { spec: { enableMasterLoadBalancer: true } },
    differs: [
      'Service acid-demo.metadata.annotations',
      'Service acid-demo.spec.externalTrafficPolicy',
      'Service acid-demo.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo.spec.type',
    ],
  },
  'spec.useLoadBalancer': {
    change: { spec: { useLoadBalancer: true } },
    differs: [
      'Service acid-demo.metadata.annotations',
      'Service acid-demo.spec.externalTrafficPolicy',
      'Service acid-demo.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo.spec.type',
      'problems[0]',
    ],
  },
  'spec.enableReplicaLoadBalancer': {
    change: { spec: { enableReplicaLoadBalancer: true } },
    differs: [
      'Service acid-demo-repl.metadata.annotations',
      'Service acid-demo-repl.spec.externalTrafficPolicy',
      'Service acid-demo-repl.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-repl.spec.type',
    ],
  },
  'spec.replicaLoadBalancer': {
    change: { spec: { replicaLoadBalancer: true } },
    differs: [
      'Service acid-demo-repl.metadata.annotations',
      'Service acid-demo-repl.spec.externalTrafficPolicy',
      'Service acid-demo-repl.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-repl.spec.type',
      'problems[0]',
    ],
  },
  'spec.enableMasterPoolerLoadBalancer': {
    given: poolers,
    change: { spec: { enableMasterPoolerLoadBalancer: true } },
    differs: [
      'Service acid-demo-pooler.metadata.annotations',
      'Service acid-demo-pooler.spec.externalTrafficPolicy',
      'Service acid-demo-pooler.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-pooler.spec.type',
    ],
  },
  'spec.enableReplicaPoolerLoadBalancer': {
    given: poolers,
    change: { spec: { enableReplicaPoolerLoadBalancer: true } },
    differs: [
      'Service acid-demo-pooler-repl.metadata.annotations',
      'Service acid-demo-pooler-repl.spec.externalTrafficPolicy',
      'Service acid-demo-pooler-repl.spec.loadBalancerSourceRanges[0]',
      'Service acid-demo-pooler-repl.spec.type',
    ],
  },
  'spec.enableMasterNodePort': {
    change: { spec: { enableMasterNodePort: true } },
    differs: ['Service acid-demo.spec.externalTrafficPolicy', 'Service acid-demo.spec.type'],
  },
  'spec.enableReplicaNodePort': {
    change: { spec: { enableReplicaNodePort: true } },
    differs: ['Service acid-demo-repl.spec.externalTrafficPolicy', 'Service acid-demo-repl.spec.type'],
  },
  'spec.enableMasterPoolerNodePort': {
    given: poolers,
    change: { spec: { enableMasterPoolerNodePort: true } },
    differs: ['Service acid-demo-pooler.spec.externalTrafficPolicy', 'Service acid-demo-pooler.spec.type'],
  },
  'spec.enableReplicaPoolerNodePort': {
    given: poolers,
    change: { spec: { enableReplicaPoolerNodePort: true } },
    differs: [
      'Service acid-demo-pooler-repl.spec.externalTrafficPolicy',
      'Service acid-demo-pooler-repl.spec.type',
    ],
  },
  'spec.masterNodePort': {
    given: { spec: { enableMasterNodePort: true } },
    change: { spec: { masterNodePort: 30001 } },
    differs: ['Service acid-demo.spec.ports[postgresql].nodePort'],
  },
  'spec.replicaNodePort': {
    given: { spec: { enableReplicaNodePort: true } },
    change: { spec: { replicaNodePort: 30002 } },
    differs: ['Service acid-demo-repl.spec.ports[postgresql].nodePort'],
  },
  'spec.masterPoolerNodePort': {
    given: { spec: { ...poolers.spec, enableMasterPoolerNodePort: true } },
    change: { spec: { masterPoolerNodePort: 30003 } },
    differs: ['Service acid-demo-pooler.spec.ports[acid-demo-pooler].nodePort'],
  },
  'spec.replicaPoolerNodePort': {
    given: { spec: { ...poolers.spec, enableReplicaPoolerNodePort: true } },
    change: { spec: { replicaPoolerNodePort: 30004 } },
    differs: ['Service acid-demo-pooler-repl.spec.ports[acid-demo-pooler-repl].nodePort'],
  },
  'spec.allowedSourceRanges': {
    given: balanced,
    change: { spec: { allowedSourceRanges: ['10.0.0.0/8'] } },
    differs: ['Service acid-demo.spec.loadBalancerSourceRanges[0]'],
  },
  'spec.serviceAnnotations': {
    given: poolers,
    change: { spec: { serviceAnnotations: { 'example.org/a': 'b' } } },
    differs: [
      'Service acid-demo.metadata.annotations',
      'Service acid-demo-pooler.metadata.annotations',
      'Service acid-demo-pooler-repl.metadata.annotations',
      'Service acid-demo-repl.metadata.annotations',
    ],
  },
  'spec.masterServiceAnnotations': {
    given: poolers,
    change: { spec: { masterServiceAnnotations: { 'example.org/a': 'b' } } },
    differs: ['Service acid-demo.metadata.annotations', 'Service acid-demo-pooler.metadata.annotations'],
  },
  'spec.replicaServiceAnnotations': {
    given: poolers,
    change: { spec: { replicaServiceAnnotations: { 'example.org/a': 'b' } } },
    differs: [
      'Service acid-demo-pooler-repl.metadata.annotations',
      'Service acid-demo-repl.metadata.annotations',
    ],
  },
};

import { expect, test } from 'vitest';
import { cutMore, cutRules, describeCuts, reachesApi, type CutPlace } from './cuts.ts';

const place: CutPlace = {
  podSubnet: '10.1.2.0/24',
  others: ['10.1.1.0/24', '10.1.3.0/24'],
  apiPort: 6443,
  probeAddress: '169.254.100.2',
};

test('two directions make both, and each is told', () => {
  const inward = cutMore({}, 'api', 'in');
  expect(describeCuts(inward)).toBe('api (in)');
  expect(cutMore(inward, 'api', 'in')).toEqual(inward);
  const both = cutMore(cutMore(inward, 'api', 'out'), 'pods', 'both');
  expect(describeCuts(both)).toBe('api, pods');
  expect([reachesApi({}), reachesApi({ pods: 'both' })]).toEqual([true, true]);
  expect([reachesApi({ api: 'in' }), reachesApi({ all: 'out' })]).toEqual([false, false]);
});

test('no cut, no rule; each direction has its own', () => {
  expect(cutRules({}, place)).toEqual({ forward: [], input: [], output: [] });
  const outward = cutRules({ pods: 'out' }, place);
  const inward = cutRules({ pods: 'in' }, place);
  expect(outward.forward).toEqual(['ip saddr 10.1.2.0/24 ip daddr { 10.1.1.0/24, 10.1.3.0/24 } drop']);
  expect(inward.forward).toEqual(['ip saddr { 10.1.1.0/24, 10.1.3.0/24 } ip daddr 10.1.2.0/24 drop']);
  const both = cutRules({ pods: 'both' }, place);
  for (const chain of ['forward', 'input', 'output'] as const) {
    expect(both[chain]).toEqual([...outward[chain], ...inward[chain]]);
  }
});

test('the API server is cut by its port, and nothing else with it', () => {
  expect(cutRules({ api: 'both' }, place)).toEqual({
    forward: [],
    input: ['ip saddr 10.1.2.0/24 tcp dport 6443 drop'],
    output: ['ip daddr 10.1.2.0/24 tcp sport 6443 drop'],
  });
});

test('clients are those who begin a connection from outside; the agent’s own probes go on', () => {
  expect(cutRules({ clients: 'both' }, place)).toEqual({
    forward: [],
    input: ['ip saddr 10.1.2.0/24 ct direction reply ip daddr != 169.254.100.2 drop'],
    output: ['ip daddr 10.1.2.0/24 ct direction original ip saddr != 169.254.100.2 drop'],
  });
});

test('the only node can be cut off from pods too: there are none elsewhere, but DNS is', () => {
  const rules = cutRules({ pods: 'both' }, { ...place, others: [] });
  expect(rules.forward).toEqual([]);
  expect(rules.input).toHaveLength(1);
});

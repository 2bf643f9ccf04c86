import { inGroup, minute, second } from '../key.ts';

const { cpu, memory } = inGroup('postgres_pod_resources');
const { period } = inGroup('timeouts');

export const resourceKeys = {
  default_cpu_limit: cpu('CPU limit of the database container, unless the manifest has one.'),
  default_cpu_request: cpu('CPU request of the database container, unless the manifest has one.'),
  default_memory_limit: memory('Memory limit of the database container, unless the manifest has one.'),
  default_memory_request: memory('Memory request of the database container, unless the manifest has one.'),
  max_cpu_request: cpu('Largest CPU request that a database container may have.'),
  max_memory_request: memory('Largest memory request that a database container may have.'),
  min_cpu_limit: cpu('Smallest CPU limit that a database container may have.'),
  min_memory_limit: memory('Smallest memory limit that a database container may have.'),
};

const unused = "Zalando's operator reads it and never used it; remove it.";
const watched = 'pgherd watches objects and never polls them; remove it.';
const asked =
  'pgherd reads what Patroni writes to Kubernetes; a call of its API has 5 s, and what failed is tried again with the next pass; remove it.';
const late = 'a pod that does not come back in time is a matter of `pod_label_wait_timeout`; remove it.';

export const timeoutKeys = {
  patroni_api_check_interval: period(
    1 * second,
    "Without effect; in Zalando's operator the time between two attempts to read from Patroni's API.",
    {
      noEffect: asked,
    },
  ),
  patroni_api_check_timeout: period(
    5 * second,
    "Without effect; in Zalando's operator how long reading from Patroni's API is tried.",
    {
      noEffect: asked,
    },
  ),
  pod_deletion_wait_timeout: period(
    10 * minute,
    "Without effect; in Zalando's operator how long a deleted pod may take to be gone.",
    {
      noEffect: late,
    },
  ),
  pod_label_wait_timeout: period(
    10 * minute,
    'How long a replaced pod may take until it does its part again; after that the cluster tells that its rolling update has stopped.',
  ),
  ready_wait_interval: period(4 * second, 'Without effect, as always.', {
    noEffect: unused,
  }),
  ready_wait_timeout: period(30 * second, 'Without effect, as always.', {
    noEffect: unused,
  }),
  resource_check_interval: period(
    3 * second,
    "Without effect; in Zalando's operator the time between two looks at an object that should change.",
    {
      noEffect: watched,
    },
  ),
  resource_check_timeout: period(
    10 * minute,
    "Without effect; in Zalando's operator how long an object may take to become what it should be.",
    {
      noEffect: watched,
    },
  ),
};

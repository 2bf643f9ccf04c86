import { inGroup, minute, notYet, second } from '../key.ts';

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

export const timeoutKeys = {
  patroni_api_check_interval: period(
    1 * second,
    "How long after a failed request Patroni's API is asked again.",
    notYet,
  ),
  patroni_api_check_timeout: period(5 * second, "For how long Patroni's API is asked again.", notYet),
  pod_deletion_wait_timeout: period(10 * minute, 'How long a deleted pod may take to be gone.', notYet),
  pod_label_wait_timeout: period(
    10 * minute,
    'How long a replaced pod may take until it does its part again; after that the cluster tells that its rolling update has stopped.',
  ),
  ready_wait_interval: period(4 * second, 'Nothing; older configurations have it.', {
    deprecated: unused,
  }),
  ready_wait_timeout: period(30 * second, 'Nothing; older configurations have it.', {
    deprecated: unused,
  }),
  resource_check_interval: period(3 * second, 'How often an object that should change is looked at.', notYet),
  resource_check_timeout: period(
    10 * minute,
    'How long an object may take to become what it should be.',
    notYet,
  ),
};

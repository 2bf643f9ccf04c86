import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  NodeAffinity,
  Probe,
  Toleration,
  TopologySpreadConstraint,
  Volume,
} from 'kubernetes-types/core/v1.js';
import {
  anything,
  array,
  boolean,
  core,
  int64,
  map,
  nullable,
  object,
  required,
  string,
} from '../schema/node.ts';
import { resources } from './resources.ts';

const sidecar = object('An additional container.', {
  name: string(
    'Name of the container, unique in the pod; without one `sidecar-` and its position in the list.',
  ),
  image: string('Image of the container.'),
  ports: array('Ports of the container.', core<ContainerPort>('ContainerPort', 'One port.')),
  env: array('Environment variables of the container.', core<EnvVar>('EnvVar', 'One variable.')),
  resources: resources("Requests and limits of the container; what is missing is the operator's default."),
  command: array("Command instead of the image's entrypoint.", string('One argument.')),
});

const additionalVolume = object('A volume to mount into containers of the database pods.', {
  name: required(
    string('Name of the volume, unique in the pod; one whose name is taken is left out, with a warning.'),
  ),
  mountPath: required(
    string(
      'Where it is mounted. In one container two volumes cannot share a path: the later one is left out, with a warning.',
    ),
  ),
  subPath: string('Directory of the volume to mount instead of its root.'),
  isSubPathExpr: boolean('Whether `subPath` contains references to environment variables to be expanded.'),
  targetContainers: nullable(
    array(
      'Containers that get it: names, also of init containers, or `["all"]`, which is all but init containers. Without it the container `postgres`.',
      string('Name of a container.'),
    ),
  ),
  volumeSource: required(
    anything<Omit<Volume, 'name'>>(
      'The volume itself, as a Kubernetes volume without its name, e.g. `{emptyDir: {}}`.',
    ),
  ),
});

/** Members of `spec` that shape the database pods. */
export const podMembers = {
  dockerImage: string("Image of the database container; without it the operator's `docker_image`."),
  schedulerName: nullable(string('Scheduler that places the pods.')),
  spiloRunAsUser: int64("User id that the pods run with; without it the operator's `spilo_runasuser`.", {
    minimum: 0,
  }),
  spiloRunAsGroup: int64("Group id that the pods run with; without it the operator's `spilo_runasgroup`.", {
    minimum: 0,
  }),
  spiloFSGroup: int64("Group id that owns the volumes' files; without it the operator's `spilo_fsgroup`.", {
    minimum: 0,
  }),
  resources: resources(
    "Requests and limits of the database container; what is missing is the operator's default.",
  ),
  env: array(
    'Environment variables of the database container. They win over all but those that the cluster cannot work without.',
    core<EnvVar>('EnvVar', 'One variable.'),
  ),
  envFrom: array(
    'ConfigMaps and Secrets whose entries become environment variables of the database container.',
    core<EnvFromSource>('EnvFromSource', 'One source.'),
  ),
  sidecars: array(
    "Containers beside the database container in every pod. They see the data volume and get the superuser's password as a variable. Of several with one name the first is taken, these before the operator's.",
    sidecar,
  ),
  initContainers: array(
    'Containers that run to completion before the database container starts.',
    core<Container>('Container', 'One container.'),
  ),
  livenessProbe: core<Probe>(
    'Probe',
    'Liveness probe of the database container. A failing probe restarts it, so it should only judge Patroni.',
  ),
  tolerations: array(
    "Taints of nodes that the pods tolerate. If given, they replace the operator's `toleration`.",
    core<Toleration>('Toleration', 'One toleration.'),
  ),
  nodeAffinity: core<NodeAffinity>(
    'NodeAffinity',
    "Which nodes the pods may or should run on; joined with the operator's `node_readiness_label`.",
  ),
  topologySpreadConstraints: array(
    "How the pods are spread over zones or nodes. One without `labelSelector` counts the cluster's pods, but for one that an existing cluster already has.",
    core<TopologySpreadConstraint>('TopologySpreadConstraint', 'One constraint.'),
  ),
  podPriorityClassName: string(
    "Priority class of the pods; without it the operator's `pod_priority_class_name`.",
  ),
  podAnnotations: map(
    "Annotations of the pods; they win over the operator's `custom_pod_annotations`.",
    string('Value of the annotation.'),
  ),
  enableShmVolume: boolean(
    "Whether `/dev/shm` is a memory volume without the 64 MiB limit that containers have by default. Without it the operator's `enable_shm_volume`.",
  ),
  additionalVolumes: array('More volumes for the database pods.', additionalVolume),
};

/**
 * The Kubernetes kinds that pgherd uses, as types only. The shapes are those of the package `kubernetes-types`
 * (generated from Kubernetes' OpenAPI); an object has always `metadata`, as everything that comes from a server has.
 */
import type * as apps from 'kubernetes-types/apps/v1.d.ts';
import type * as authentication from 'kubernetes-types/authentication/v1.d.ts';
import type * as authorization from 'kubernetes-types/authorization/v1.d.ts';
import type * as batch from 'kubernetes-types/batch/v1.d.ts';
import type * as coordination from 'kubernetes-types/coordination/v1.d.ts';
import type * as core from 'kubernetes-types/core/v1.d.ts';
import type * as discovery from 'kubernetes-types/discovery/v1.d.ts';
import type * as apiextensions from 'kubernetes-types/apiextensions/v1.d.ts';
import type * as policy from 'kubernetes-types/policy/v1.d.ts';
import type * as rbac from 'kubernetes-types/rbac/v1.d.ts';
import type * as scheduling from 'kubernetes-types/scheduling/v1.d.ts';
import type * as storage from 'kubernetes-types/storage/v1.d.ts';
import type { ObjectMeta } from './object.ts';

/** A kind of `kubernetes-types` with our `ObjectMeta`, always present. Assignable to `KubeObject`. */
export type Kind<T> = Omit<T, 'metadata'> & { metadata: ObjectMeta };

export type ConfigMap = Kind<core.ConfigMap>;
export type Endpoints = Kind<core.Endpoints>;
export type Event = Kind<core.Event>;
export type Namespace = Kind<core.Namespace>;
export type Node = Kind<core.Node>;
export type PersistentVolume = Kind<core.PersistentVolume>;
export type PersistentVolumeClaim = Kind<core.PersistentVolumeClaim>;
export type Pod = Kind<core.Pod>;
export type Secret = Kind<core.Secret>;
export type Service = Kind<core.Service>;
export type ServiceAccount = Kind<core.ServiceAccount>;
export type Deployment = Kind<apps.Deployment>;
export type ReplicaSet = Kind<apps.ReplicaSet>;
export type StatefulSet = Kind<apps.StatefulSet>;
export type ControllerRevision = Kind<apps.ControllerRevision>;
export type DaemonSet = Kind<apps.DaemonSet>;
export type CronJob = Kind<batch.CronJob>;
export type Job = Kind<batch.Job>;
export type Lease = Kind<coordination.Lease>;
export type EndpointSlice = Kind<discovery.EndpointSlice>;
export type PodDisruptionBudget = Kind<policy.PodDisruptionBudget>;
export type ClusterRole = Kind<rbac.ClusterRole>;
export type ClusterRoleBinding = Kind<rbac.ClusterRoleBinding>;
export type Role = Kind<rbac.Role>;
export type RoleBinding = Kind<rbac.RoleBinding>;
export type PriorityClass = Kind<scheduling.PriorityClass>;
export type StorageClass = Kind<storage.StorageClass>;
/** `kubernetes-types` knows no `x-kubernetes-…` in schemas, so a schema is any object here. */
export type CustomResourceDefinitionVersion = Omit<
  apiextensions.CustomResourceDefinitionVersion,
  'schema'
> & {
  schema?: { openAPIV3Schema?: object };
};
export type CustomResourceDefinitionSpec = Omit<apiextensions.CustomResourceDefinitionSpec, 'versions'> & {
  versions: CustomResourceDefinitionVersion[];
};
export type CustomResourceDefinition = Kind<
  Omit<apiextensions.CustomResourceDefinition, 'spec'> & { spec: CustomResourceDefinitionSpec }
>;
export type TokenRequest = Kind<authentication.TokenRequest>;
export type TokenReview = Kind<authentication.TokenReview>;
export type SelfSubjectAccessReview = Kind<authorization.SelfSubjectAccessReview>;
export type SubjectAccessReview = Kind<authorization.SubjectAccessReview>;

export type {
  Affinity,
  Capabilities,
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EndpointAddress,
  EndpointSubset,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  NodeAffinity,
  NodeCondition,
  NodeSelectorTerm,
  ObjectReference,
  PersistentVolumeClaimSpec,
  PodAffinityTerm,
  PodCondition,
  PodSecurityContext,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  SecurityContext,
  ServicePort,
  ServiceSpec,
  Taint,
  Toleration,
  TopologySpreadConstraint,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.d.ts';
export type {
  DeploymentSpec,
  RollingUpdateStatefulSetStrategy,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetSpec,
  StatefulSetStatus,
} from 'kubernetes-types/apps/v1.d.ts';
export type { CronJobSpec, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
export type { LeaseSpec } from 'kubernetes-types/coordination/v1.d.ts';
export type { Condition, LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.d.ts';
export type { PolicyRule, RoleRef, Subject } from 'kubernetes-types/rbac/v1.d.ts';

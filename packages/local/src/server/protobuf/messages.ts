import { fields, type Message } from './message.ts';
import { workloadMessages } from './workload-messages.ts';

/** `metadata`, and a `spec` of its own. */
const object = (rest: string): Message => fields(`1=metadata=ObjectMeta ${rest}`.trim());

/**
 * What kubectl sends as protobuf, whatever the server offers, by `apiVersion/kind`, and what that consists of, by name.
 * Source: the field numbers of Kubernetes' published .proto files.
 */
export const messages: Readonly<Record<string, Message>> = {
  ...workloadMessages,
  ObjectMeta: fields(
    '1=name 2=generateName 3=namespace 4=selfLink 5=uid 6=resourceVersion 7=generation=int 8=creationTimestamp=Time 9=deletionTimestamp=Time 10=deletionGracePeriodSeconds=int 11=labels=map:string 12=annotations=map:string 13=ownerReferences=OwnerReference[] 14=finalizers=string[]',
  ),
  OwnerReference: fields('1=kind 3=name 4=uid 5=apiVersion 6=controller=bool 7=blockOwnerDeletion=bool'),
  LocalObjectReference: fields('1=name'),
  ObjectReference: fields('1=kind 2=namespace 3=name 4=uid 5=apiVersion 6=resourceVersion 7=fieldPath'),
  LabelSelector: fields('1=matchLabels=map:string 2=matchExpressions=LabelSelectorRequirement[]'),
  LabelSelectorRequirement: fields('1=key 2=operator 3=values=string[]'),

  'v1/ConfigMap': object('2=data=map:string 3=binaryData=map:bytes 4=immutable=bool'),
  'v1/Secret': object('2=data=map:bytes 3=type 4=stringData=map:string 5=immutable=bool'),
  'v1/ServiceAccount': object(
    '2=secrets=ObjectReference[] 3=imagePullSecrets=LocalObjectReference[] 4=automountServiceAccountToken=bool',
  ),
  'v1/Namespace': object('2=spec=NamespaceSpec 3=status=NamespaceStatus'),
  NamespaceSpec: fields('1=finalizers=string[]'),
  NamespaceStatus: fields('1=phase'),
  'v1/Service': object('2=spec=ServiceSpec 3=status=ServiceStatus'),
  ServiceSpec: fields(
    '1=ports=ServicePort[] 2=selector=map:string 3=clusterIP 4=type 5=externalIPs=string[] 7=sessionAffinity 8=loadBalancerIP 9=loadBalancerSourceRanges=string[] 10=externalName 11=externalTrafficPolicy 12=healthCheckNodePort=int 13=publishNotReadyAddresses=bool 17=ipFamilyPolicy 18=clusterIPs=string[] 19=ipFamilies=string[] 20=allocateLoadBalancerNodePorts=bool 21=loadBalancerClass 22=internalTrafficPolicy 23=trafficDistribution',
  ),
  ServicePort: fields('1=name 2=protocol 3=port=int 4=targetPort=IntOrString 5=nodePort=int 6=appProtocol'),
  ServiceStatus: fields('1=loadBalancer=Empty'),
  Empty: {},

  'authentication.k8s.io/v1/TokenRequest': object('2=spec=TokenRequestSpec 3=status=TokenRequestStatus'),
  TokenRequestSpec: fields(
    '1=audiences=string[] 3=boundObjectRef=BoundObjectReference 4=expirationSeconds=int',
  ),
  TokenRequestStatus: fields('1=token 2=expirationTimestamp=Time'),
  BoundObjectReference: fields('1=kind 2=apiVersion 3=name 4=uid'),
  'authentication.k8s.io/v1/SelfSubjectReview': object('2=status=SelfSubjectReviewStatus'),
  SelfSubjectReviewStatus: fields('1=userInfo=UserInfo'),
  UserInfo: fields('1=username 2=uid 3=groups=string[]'),

  'authorization.k8s.io/v1/SelfSubjectAccessReview': object(
    '2=spec=SelfSubjectAccessReviewSpec 3=status=AccessReviewStatus',
  ),
  SelfSubjectAccessReviewSpec: fields(
    '1=resourceAttributes=ResourceAttributes 2=nonResourceAttributes=NonResourceAttributes',
  ),
  'authorization.k8s.io/v1/SubjectAccessReview': object(
    '2=spec=SubjectAccessReviewSpec 3=status=AccessReviewStatus',
  ),
  'authorization.k8s.io/v1/LocalSubjectAccessReview': object(
    '2=spec=SubjectAccessReviewSpec 3=status=AccessReviewStatus',
  ),
  SubjectAccessReviewSpec: fields(
    '1=resourceAttributes=ResourceAttributes 2=nonResourceAttributes=NonResourceAttributes 3=user 4=groups=string[] 6=uid',
  ),
  AccessReviewStatus: fields('1=allowed=bool 2=reason 3=evaluationError 4=denied=bool'),
  ResourceAttributes: fields('1=namespace 2=verb 3=group 4=version 5=resource 6=subresource 7=name'),
  NonResourceAttributes: fields('1=path 2=verb'),
  'authorization.k8s.io/v1/SelfSubjectRulesReview': object(
    '2=spec=SelfSubjectRulesReviewSpec 3=status=SelfSubjectRulesReviewStatus',
  ),
  SelfSubjectRulesReviewSpec: fields('1=namespace'),
  SelfSubjectRulesReviewStatus: fields('3=incomplete=bool 4=evaluationError'),

  'rbac.authorization.k8s.io/v1/Role': object('2=rules=PolicyRule[]'),
  'rbac.authorization.k8s.io/v1/ClusterRole': object(
    '2=rules=PolicyRule[] 3=aggregationRule=AggregationRule',
  ),
  AggregationRule: fields('1=clusterRoleSelectors=LabelSelector[]'),
  PolicyRule: fields(
    '1=verbs=string[] 2=apiGroups=string[] 3=resources=string[] 4=resourceNames=string[] 5=nonResourceURLs=string[]',
  ),
  'rbac.authorization.k8s.io/v1/RoleBinding': object('2=subjects=Subject[] 3=roleRef=RoleRef'),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': object('2=subjects=Subject[] 3=roleRef=RoleRef'),
  Subject: fields('1=kind 2=apiGroup 3=name 4=namespace'),
  RoleRef: fields('1=apiGroup 2=kind 3=name'),

  'policy/v1/PodDisruptionBudget': object(
    '2=spec=PodDisruptionBudgetSpec 3=status=PodDisruptionBudgetStatus',
  ),
  PodDisruptionBudgetSpec: fields(
    '1=minAvailable=IntOrString 2=selector=LabelSelector 3=maxUnavailable=IntOrString 4=unhealthyPodEvictionPolicy',
  ),
  PodDisruptionBudgetStatus: fields(
    '1=observedGeneration=int 3=disruptionsAllowed=int 4=currentHealthy=int 5=desiredHealthy=int 6=expectedPods=int',
  ),
  'policy/v1/Eviction': object('2=deleteOptions=DeleteOptions'),
  'meta.k8s.io/v1/DeleteOptions': fields(
    '1=gracePeriodSeconds=int 2=preconditions=Preconditions 3=orphanDependents=bool 4=propagationPolicy 5=dryRun=string[]',
  ),
  'v1/DeleteOptions': fields(
    '1=gracePeriodSeconds=int 2=preconditions=Preconditions 3=orphanDependents=bool 4=propagationPolicy 5=dryRun=string[]',
  ),
  DeleteOptions: fields(
    '1=gracePeriodSeconds=int 2=preconditions=Preconditions 3=orphanDependents=bool 4=propagationPolicy 5=dryRun=string[]',
  ),
  Preconditions: fields('1=uid 2=resourceVersion'),
};

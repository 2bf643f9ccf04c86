import { fields, type Message } from './message.ts';

/** What pods, their makers and priority classes consist of. Source: as of `messages`. */
export const workloadMessages: Readonly<Record<string, Message>> = {
  'apps/v1/Deployment': fields('1=metadata=ObjectMeta 2=spec=DeploymentSpec 3=status=DeploymentStatus'),
  'batch/v1/Job': fields('1=metadata=ObjectMeta 2=spec=JobSpec 3=status=JobStatus'),
  'batch/v1/CronJob': fields('1=metadata=ObjectMeta 2=spec=CronJobSpec 3=status=CronJobStatus'),
  'scheduling.k8s.io/v1/PriorityClass': fields(
    '1=metadata=ObjectMeta 2=value=int 3=globalDefault=flag 4=description 5=preemptionPolicy',
  ),
  'v1/Pod': fields('1=metadata=ObjectMeta 2=spec=PodSpec 3=status=PodStatus'),
  DeploymentSpec: fields(
    '1=replicas=int 2=selector=LabelSelector 3=template=PodTemplateSpec 4=strategy=DeploymentStrategy 5=minReadySeconds=count 6=revisionHistoryLimit=int 7=paused=flag 9=progressDeadlineSeconds=int',
  ),
  DeploymentStatus: fields(
    '1=observedGeneration=count 2=replicas=int 3=updatedReplicas=count 4=availableReplicas=count 5=unavailableReplicas=count 6=conditions=DeploymentCondition[] 7=readyReplicas=count 8=collisionCount=int',
  ),
  JobSpec: fields(
    '1=parallelism=int 2=completions=int 3=activeDeadlineSeconds=int 4=selector=LabelSelector 5=manualSelector=bool 6=template=PodTemplateSpec 7=backoffLimit=int 8=ttlSecondsAfterFinished=int 9=completionMode 10=suspend=bool 11=podFailurePolicy=PodFailurePolicy 12=backoffLimitPerIndex=int 13=maxFailedIndexes=int 14=podReplacementPolicy 15=managedBy 16=successPolicy=SuccessPolicy',
  ),
  JobStatus: fields(
    '1=conditions=JobCondition[] 2=startTime=Time 3=completionTime=Time 4=active=count 5=succeeded=count 6=failed=count 7=completedIndexes 8=uncountedTerminatedPods=UncountedTerminatedPods 9=ready=int 10=failedIndexes 11=terminating=int',
  ),
  CronJobSpec: fields(
    '1=schedule 2=startingDeadlineSeconds=int 3=concurrencyPolicy 4=suspend=bool 5=jobTemplate=JobTemplateSpec 6=successfulJobsHistoryLimit=int 7=failedJobsHistoryLimit=int 8=timeZone',
  ),
  CronJobStatus: fields('1=active=ObjectReference[] 4=lastScheduleTime=Time 5=lastSuccessfulTime=Time'),
  PodSpec: fields(
    '1=volumes=Volume[] 2=containers=Container[] 3=restartPolicy 4=terminationGracePeriodSeconds=int 5=activeDeadlineSeconds=int 6=dnsPolicy 7=nodeSelector=map:string 8=serviceAccountName 9=serviceAccount 10=nodeName 11=hostNetwork=flag 12=hostPID=flag 13=hostIPC=flag 14=securityContext=PodSecurityContext 15=imagePullSecrets=LocalObjectReference[] 16=hostname 17=subdomain 18=affinity=Affinity 19=schedulerName 20=initContainers=Container[] 21=automountServiceAccountToken=bool 22=tolerations=Toleration[] 23=hostAliases=HostAlias[] 24=priorityClassName 25=priority=int 26=dnsConfig=PodDNSConfig 27=shareProcessNamespace=bool 28=readinessGates=PodReadinessGate[] 29=runtimeClassName 30=enableServiceLinks=bool 31=preemptionPolicy 32=overhead=map:Quantity 33=topologySpreadConstraints=TopologySpreadConstraint[] 34=ephemeralContainers=EphemeralContainer[] 35=setHostnameAsFQDN=bool 36=os=PodOS 37=hostUsers=bool 38=schedulingGates=PodSchedulingGate[] 39=resourceClaims=PodResourceClaim[] 40=resources=ResourceRequirements',
  ),
  PodStatus: fields(
    '1=phase 2=conditions=PodCondition[] 3=message 4=reason 5=hostIP 6=podIP 7=startTime=Time 8=containerStatuses=ContainerStatus[] 9=qosClass 10=initContainerStatuses=ContainerStatus[] 11=nominatedNodeName 12=podIPs=PodIP[] 13=ephemeralContainerStatuses=ContainerStatus[] 14=resize 15=resourceClaimStatuses=PodResourceClaimStatus[] 16=hostIPs=HostIP[]',
  ),
  PodTemplateSpec: fields('1=metadata=ObjectMeta 2=spec=PodSpec'),
  DeploymentStrategy: fields('1=type 2=rollingUpdate=RollingUpdateDeployment'),
  DeploymentCondition: fields(
    '1=type 2=status 4=reason 5=message 6=lastUpdateTime=Time 7=lastTransitionTime=Time',
  ),
  PodFailurePolicy: fields('1=rules=PodFailurePolicyRule[]'),
  SuccessPolicy: fields('1=rules=SuccessPolicyRule[]'),
  JobCondition: fields('1=type 2=status 3=lastProbeTime=Time 4=lastTransitionTime=Time 5=reason 6=message'),
  UncountedTerminatedPods: fields('1=succeeded=string[] 2=failed=string[]'),
  JobTemplateSpec: fields('1=metadata=ObjectMeta 2=spec=JobSpec'),
  Volume: fields('1=name 2==VolumeSource'),
  Container: fields(
    '1=name 2=image 3=command=string[] 4=args=string[] 5=workingDir 6=ports=ContainerPort[] 7=env=EnvVar[] 8=resources=ResourceRequirements 9=volumeMounts=VolumeMount[] 10=livenessProbe=Probe 11=readinessProbe=Probe 12=lifecycle=Lifecycle 13=terminationMessagePath 14=imagePullPolicy 15=securityContext=SecurityContext 16=stdin=flag 17=stdinOnce=flag 18=tty=flag 19=envFrom=EnvFromSource[] 20=terminationMessagePolicy 21=volumeDevices=VolumeDevice[] 22=startupProbe=Probe 23=resizePolicy=ContainerResizePolicy[] 24=restartPolicy',
  ),
  PodSecurityContext: fields(
    '1=seLinuxOptions=SELinuxOptions 2=runAsUser=int 3=runAsNonRoot=bool 4=supplementalGroups=int[] 5=fsGroup=int 6=runAsGroup=int 7=sysctls=Sysctl[] 8=windowsOptions=WindowsSecurityContextOptions 9=fsGroupChangePolicy 10=seccompProfile=SeccompProfile 11=appArmorProfile=AppArmorProfile 12=supplementalGroupsPolicy 13=seLinuxChangePolicy',
  ),
  Affinity: fields('1=nodeAffinity=NodeAffinity 2=podAffinity=PodAffinity 3=podAntiAffinity=PodAntiAffinity'),
  Toleration: fields('1=key 2=operator 3=value 4=effect 5=tolerationSeconds=int'),
  HostAlias: fields('1=ip 2=hostnames=string[]'),
  PodDNSConfig: fields('1=nameservers=string[] 2=searches=string[] 3=options=PodDNSConfigOption[]'),
  PodReadinessGate: fields('1=conditionType'),
  TopologySpreadConstraint: fields(
    '1=maxSkew=int 2=topologyKey 3=whenUnsatisfiable 4=labelSelector=LabelSelector 5=minDomains=int 6=nodeAffinityPolicy 7=nodeTaintsPolicy 8=matchLabelKeys=string[]',
  ),
  EphemeralContainer: fields('1==EphemeralContainerCommon 2=targetContainerName'),
  PodOS: fields('1=name'),
  PodSchedulingGate: fields('1=name'),
  PodResourceClaim: fields('1=name 3=resourceClaimName 4=resourceClaimTemplateName'),
  ResourceRequirements: fields('1=limits=map:Quantity 2=requests=map:Quantity 3=claims=ResourceClaim[]'),
  PodCondition: fields('1=type 2=status 3=lastProbeTime=Time 4=lastTransitionTime=Time 5=reason 6=message'),
  ContainerStatus: fields(
    '1=name 2=state=ContainerState 3=lastState=ContainerState 4=ready=bool 5=restartCount=count 6=image 7=imageID 8=containerID 9=started=bool 10=allocatedResources=map:Quantity 11=resources=ResourceRequirements 12=volumeMounts=VolumeMountStatus[] 13=user=ContainerUser 14=allocatedResourcesStatus=ResourceStatus[]',
  ),
  PodIP: fields('1=ip'),
  PodResourceClaimStatus: fields('1=name 2=resourceClaimName'),
  HostIP: fields('1=ip'),
  RollingUpdateDeployment: fields('1=maxUnavailable=IntOrString 2=maxSurge=IntOrString'),
  PodFailurePolicyRule: fields(
    '1=action 2=onExitCodes=PodFailurePolicyOnExitCodesRequirement 3=onPodConditions=PodFailurePolicyOnPodConditionsPattern[]',
  ),
  SuccessPolicyRule: fields('1=succeededIndexes 2=succeededCount=int'),
  VolumeSource: fields(
    '1=hostPath=HostPathVolumeSource 2=emptyDir=EmptyDirVolumeSource 3=gcePersistentDisk=GCEPersistentDiskVolumeSource 4=awsElasticBlockStore=AWSElasticBlockStoreVolumeSource 5=gitRepo=GitRepoVolumeSource 6=secret=SecretVolumeSource 7=nfs=NFSVolumeSource 8=iscsi=ISCSIVolumeSource 9=glusterfs=GlusterfsVolumeSource 10=persistentVolumeClaim=PersistentVolumeClaimVolumeSource 11=rbd=RBDVolumeSource 12=flexVolume=FlexVolumeSource 13=cinder=CinderVolumeSource 14=cephfs=CephFSVolumeSource 15=flocker=FlockerVolumeSource 16=downwardAPI=DownwardAPIVolumeSource 17=fc=FCVolumeSource 18=azureFile=AzureFileVolumeSource 19=configMap=ConfigMapVolumeSource 20=vsphereVolume=VsphereVirtualDiskVolumeSource 21=quobyte=QuobyteVolumeSource 22=azureDisk=AzureDiskVolumeSource 23=photonPersistentDisk=PhotonPersistentDiskVolumeSource 24=portworxVolume=PortworxVolumeSource 25=scaleIO=ScaleIOVolumeSource 26=projected=ProjectedVolumeSource 27=storageos=StorageOSVolumeSource 28=csi=CSIVolumeSource 29=ephemeral=EphemeralVolumeSource 30=image=ImageVolumeSource',
  ),
  ContainerPort: fields('1=name 2=hostPort=count 3=containerPort=int 4=protocol 5=hostIP'),
  EnvVar: fields('1=name 2=value 3=valueFrom=EnvVarSource'),
  VolumeMount: fields(
    '1=name 2=readOnly=flag 3=mountPath 4=subPath 5=mountPropagation 6=subPathExpr 7=recursiveReadOnly',
  ),
  Probe: fields(
    '1==ProbeHandler 2=initialDelaySeconds=count 3=timeoutSeconds=count 4=periodSeconds=count 5=successThreshold=count 6=failureThreshold=count 7=terminationGracePeriodSeconds=int',
  ),
  Lifecycle: fields('1=postStart=LifecycleHandler 2=preStop=LifecycleHandler'),
  SecurityContext: fields(
    '1=capabilities=Capabilities 2=privileged=bool 3=seLinuxOptions=SELinuxOptions 4=runAsUser=int 5=runAsNonRoot=bool 6=readOnlyRootFilesystem=bool 7=allowPrivilegeEscalation=bool 8=runAsGroup=int 9=procMount 10=windowsOptions=WindowsSecurityContextOptions 11=seccompProfile=SeccompProfile 12=appArmorProfile=AppArmorProfile',
  ),
  EnvFromSource: fields('1=prefix 2=configMapRef=ConfigMapEnvSource 3=secretRef=SecretEnvSource'),
  VolumeDevice: fields('1=name 2=devicePath'),
  ContainerResizePolicy: fields('1=resourceName 2=restartPolicy'),
  SELinuxOptions: fields('1=user 2=role 3=type 4=level'),
  Sysctl: fields('1=name 2=value'),
  WindowsSecurityContextOptions: fields(
    '1=gmsaCredentialSpecName 2=gmsaCredentialSpec 3=runAsUserName 4=hostProcess=bool',
  ),
  SeccompProfile: fields('1=type 2=localhostProfile'),
  AppArmorProfile: fields('1=type 2=localhostProfile'),
  NodeAffinity: fields(
    '1=requiredDuringSchedulingIgnoredDuringExecution=NodeSelector 2=preferredDuringSchedulingIgnoredDuringExecution=PreferredSchedulingTerm[]',
  ),
  PodAffinity: fields(
    '1=requiredDuringSchedulingIgnoredDuringExecution=PodAffinityTerm[] 2=preferredDuringSchedulingIgnoredDuringExecution=WeightedPodAffinityTerm[]',
  ),
  PodAntiAffinity: fields(
    '1=requiredDuringSchedulingIgnoredDuringExecution=PodAffinityTerm[] 2=preferredDuringSchedulingIgnoredDuringExecution=WeightedPodAffinityTerm[]',
  ),
  PodDNSConfigOption: fields('1=name 2=value'),
  EphemeralContainerCommon: fields(
    '1=name 2=image 3=command=string[] 4=args=string[] 5=workingDir 6=ports=ContainerPort[] 7=env=EnvVar[] 8=resources=ResourceRequirements 9=volumeMounts=VolumeMount[] 10=livenessProbe=Probe 11=readinessProbe=Probe 12=lifecycle=Lifecycle 13=terminationMessagePath 14=imagePullPolicy 15=securityContext=SecurityContext 16=stdin=flag 17=stdinOnce=flag 18=tty=flag 19=envFrom=EnvFromSource[] 20=terminationMessagePolicy 21=volumeDevices=VolumeDevice[] 22=startupProbe=Probe 23=resizePolicy=ContainerResizePolicy[] 24=restartPolicy',
  ),
  ResourceClaim: fields('1=name 2=request'),
  ContainerState: fields(
    '1=waiting=ContainerStateWaiting 2=running=ContainerStateRunning 3=terminated=ContainerStateTerminated',
  ),
  VolumeMountStatus: fields('1=name 2=mountPath 3=readOnly=flag 4=recursiveReadOnly'),
  ContainerUser: fields('1=linux=LinuxContainerUser'),
  ResourceStatus: fields('1=name 2=resources=ResourceHealth[]'),
  PodFailurePolicyOnExitCodesRequirement: fields('1=containerName 2=operator 3=values=int[]'),
  PodFailurePolicyOnPodConditionsPattern: fields('1=type 2=status'),
  HostPathVolumeSource: fields('1=path 2=type'),
  EmptyDirVolumeSource: fields('1=medium 2=sizeLimit=Quantity'),
  GCEPersistentDiskVolumeSource: fields('1=pdName 2=fsType 3=partition=int 4=readOnly=flag'),
  AWSElasticBlockStoreVolumeSource: fields('1=volumeID 2=fsType 3=partition=int 4=readOnly=flag'),
  GitRepoVolumeSource: fields('1=repository 2=revision 3=directory'),
  SecretVolumeSource: fields('1=secretName 2=items=KeyToPath[] 3=defaultMode=int 4=optional=bool'),
  NFSVolumeSource: fields('1=server 2=path 3=readOnly=flag'),
  ISCSIVolumeSource: fields(
    '1=targetPortal 2=iqn 3=lun=int 4=iscsiInterface 5=fsType 6=readOnly=flag 7=portals=string[] 8=chapAuthDiscovery=bool 10=secretRef=LocalObjectReference 11=chapAuthSession=bool 12=initiatorName',
  ),
  GlusterfsVolumeSource: fields('1=endpoints 2=path 3=readOnly=flag'),
  PersistentVolumeClaimVolumeSource: fields('1=claimName 2=readOnly=flag'),
  RBDVolumeSource: fields(
    '1=monitors=string[] 2=image 3=fsType 4=pool 5=user 6=keyring 7=secretRef=LocalObjectReference 8=readOnly=flag',
  ),
  FlexVolumeSource: fields(
    '1=driver 2=fsType 3=secretRef=LocalObjectReference 4=readOnly=flag 5=options=map:string',
  ),
  CinderVolumeSource: fields('1=volumeID 2=fsType 3=readOnly=flag 4=secretRef=LocalObjectReference'),
  CephFSVolumeSource: fields(
    '1=monitors=string[] 2=path 3=user 4=secretFile 5=secretRef=LocalObjectReference 6=readOnly=flag',
  ),
  FlockerVolumeSource: fields('1=datasetName 2=datasetUUID'),
  DownwardAPIVolumeSource: fields('1=items=DownwardAPIVolumeFile[] 2=defaultMode=int'),
  FCVolumeSource: fields('1=targetWWNs=string[] 2=lun=int 3=fsType 4=readOnly=flag 5=wwids=string[]'),
  AzureFileVolumeSource: fields('1=secretName 2=shareName 3=readOnly=flag'),
  ConfigMapVolumeSource: fields(
    '1==LocalObjectReference 2=items=KeyToPath[] 3=defaultMode=int 4=optional=bool',
  ),
  VsphereVirtualDiskVolumeSource: fields('1=volumePath 2=fsType 3=storagePolicyName 4=storagePolicyID'),
  QuobyteVolumeSource: fields('1=registry 2=volume 3=readOnly=flag 4=user 5=group 6=tenant'),
  AzureDiskVolumeSource: fields('1=diskName 2=diskURI 3=cachingMode 4=fsType 5=readOnly=flag 6=kind'),
  PhotonPersistentDiskVolumeSource: fields('1=pdID 2=fsType'),
  PortworxVolumeSource: fields('1=volumeID 2=fsType 3=readOnly=flag'),
  ScaleIOVolumeSource: fields(
    '1=gateway 2=system 3=secretRef=LocalObjectReference 4=sslEnabled=bool 5=protectionDomain 6=storagePool 7=storageMode 8=volumeName 9=fsType 10=readOnly=flag',
  ),
  ProjectedVolumeSource: fields('1=sources=VolumeProjection[] 2=defaultMode=int'),
  StorageOSVolumeSource: fields(
    '1=volumeName 2=volumeNamespace 3=fsType 4=readOnly=flag 5=secretRef=LocalObjectReference',
  ),
  CSIVolumeSource: fields(
    '1=driver 2=readOnly=flag 3=fsType 4=volumeAttributes=map:string 5=nodePublishSecretRef=LocalObjectReference',
  ),
  EphemeralVolumeSource: fields('1=volumeClaimTemplate=PersistentVolumeClaimTemplate'),
  ImageVolumeSource: fields('1=reference 2=pullPolicy'),
  EnvVarSource: fields(
    '1=fieldRef=ObjectFieldSelector 2=resourceFieldRef=ResourceFieldSelector 3=configMapKeyRef=ConfigMapKeySelector 4=secretKeyRef=SecretKeySelector',
  ),
  ProbeHandler: fields(
    '1=exec=ExecAction 2=httpGet=HTTPGetAction 3=tcpSocket=TCPSocketAction 4=grpc=GRPCAction',
  ),
  LifecycleHandler: fields(
    '1=exec=ExecAction 2=httpGet=HTTPGetAction 3=tcpSocket=TCPSocketAction 4=sleep=SleepAction',
  ),
  Capabilities: fields('1=add=string[] 2=drop=string[]'),
  ConfigMapEnvSource: fields('1==LocalObjectReference 2=optional=bool'),
  SecretEnvSource: fields('1==LocalObjectReference 2=optional=bool'),
  NodeSelector: fields('1=nodeSelectorTerms=NodeSelectorTerm[]'),
  PreferredSchedulingTerm: fields('1=weight=int 2=preference=NodeSelectorTerm'),
  PodAffinityTerm: fields(
    '1=labelSelector=LabelSelector 2=namespaces=string[] 3=topologyKey 4=namespaceSelector=LabelSelector 5=matchLabelKeys=string[] 6=mismatchLabelKeys=string[]',
  ),
  WeightedPodAffinityTerm: fields('1=weight=int 2=podAffinityTerm=PodAffinityTerm'),
  ContainerStateWaiting: fields('1=reason 2=message'),
  ContainerStateRunning: fields('1=startedAt=Time'),
  ContainerStateTerminated: fields(
    '1=exitCode=int 2=signal=int 3=reason 4=message 5=startedAt=Time 6=finishedAt=Time 7=containerID',
  ),
  LinuxContainerUser: fields('1=uid=int 2=gid=int 3=supplementalGroups=int[]'),
  ResourceHealth: fields('1=resourceID 2=health'),
  KeyToPath: fields('1=key 2=path 3=mode=int'),
  DownwardAPIVolumeFile: fields(
    '1=path 2=fieldRef=ObjectFieldSelector 3=resourceFieldRef=ResourceFieldSelector 4=mode=int',
  ),
  VolumeProjection: fields(
    '1=secret=SecretProjection 2=downwardAPI=DownwardAPIProjection 3=configMap=ConfigMapProjection 4=serviceAccountToken=ServiceAccountTokenProjection 5=clusterTrustBundle=ClusterTrustBundleProjection',
  ),
  PersistentVolumeClaimTemplate: fields('1=metadata=ObjectMeta 2=spec=PersistentVolumeClaimSpec'),
  ObjectFieldSelector: fields('1=apiVersion 2=fieldPath'),
  ResourceFieldSelector: fields('1=containerName 2=resource 3=divisor=Quantity'),
  ConfigMapKeySelector: fields('1==LocalObjectReference 2=key 3=optional=bool'),
  SecretKeySelector: fields('1==LocalObjectReference 2=key 3=optional=bool'),
  ExecAction: fields('1=command=string[]'),
  HTTPGetAction: fields('1=path 2=port=IntOrString 3=host 4=scheme 5=httpHeaders=HTTPHeader[]'),
  TCPSocketAction: fields('1=port=IntOrString 2=host'),
  GRPCAction: fields('1=port=int 2=service'),
  SleepAction: fields('1=seconds=int'),
  NodeSelectorTerm: fields(
    '1=matchExpressions=NodeSelectorRequirement[] 2=matchFields=NodeSelectorRequirement[]',
  ),
  SecretProjection: fields('1==LocalObjectReference 2=items=KeyToPath[] 4=optional=bool'),
  DownwardAPIProjection: fields('1=items=DownwardAPIVolumeFile[]'),
  ConfigMapProjection: fields('1==LocalObjectReference 2=items=KeyToPath[] 4=optional=bool'),
  ServiceAccountTokenProjection: fields('1=audience 2=expirationSeconds=int 3=path'),
  ClusterTrustBundleProjection: fields(
    '1=name 2=signerName 3=labelSelector=LabelSelector 4=path 5=optional=bool',
  ),
  PersistentVolumeClaimSpec: fields(
    '1=accessModes=string[] 2=resources=VolumeResourceRequirements 3=volumeName 4=selector=LabelSelector 5=storageClassName 6=volumeMode 7=dataSource=TypedLocalObjectReference 8=dataSourceRef=TypedObjectReference 9=volumeAttributesClassName',
  ),
  HTTPHeader: fields('1=name 2=value'),
  NodeSelectorRequirement: fields('1=key 2=operator 3=values=string[]'),
  VolumeResourceRequirements: fields('1=limits=map:Quantity 2=requests=map:Quantity'),
  TypedLocalObjectReference: fields('1=apiGroup 2=kind 3=name'),
  TypedObjectReference: fields('1=apiGroup 2=kind 3=name 4=namespace'),
};

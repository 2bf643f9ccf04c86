import { annotationName, labelValue, objectName, roleName } from '../postgresql/patterns.ts';
import type { Check, Report } from './report.ts';

/** Values that become names, labels and annotations of Kubernetes' objects, which would not be accepted. */
export const checkKubernetesValues: Check = ({ spec }, _configuration, report) => {
  if (!labelValue.test(spec.teamId))
    report.error(
      'spec.teamId',
      `\`${spec.teamId}\` cannot be the label \`team\`; use letters, digits, dashes, dots and underscores, at most 63, with a letter or digit first and last.`,
    );
  const { podAnnotations, serviceAnnotations, masterServiceAnnotations, replicaServiceAnnotations } = spec;
  const annotations = {
    podAnnotations,
    serviceAnnotations,
    masterServiceAnnotations,
    replicaServiceAnnotations,
  };
  for (const [field, map] of Object.entries(annotations))
    for (const name of Object.keys(map ?? {}))
      if (!annotationName.test(name))
        report.error(
          `spec.${field}.${name}`,
          `\`${name}\` cannot be the name of an annotation such as \`example.org/team\`.`,
        );
  const names = {
    'spec.podPriorityClassName': spec.podPriorityClassName,
    'spec.schedulerName': spec.schedulerName,
    'spec.volume.storageClass': spec.volume.storageClass,
    'spec.tls.secretName': spec.tls?.secretName,
    'spec.tls.caSecretName': spec.tls?.caSecretName,
  };
  for (const [field, name] of Object.entries(names))
    if (name && (!objectName.test(name) || name.length > 253))
      report.error(
        field,
        `\`${name}\` cannot be the name of an object; use lower-case letters, digits, dashes and dots.`,
      );
  checkImage('spec.dockerImage', spec.dockerImage, report);
  checkImage('spec.connectionPooler.dockerImage', spec.connectionPooler?.dockerImage, report);
  (spec.sidecars ?? []).forEach(({ image }, index) =>
    checkImage(`spec.sidecars[${index}].image`, image, report),
  );
  const user = spec.connectionPooler?.user;
  if (user && !roleName.test(user))
    report.error(
      'spec.connectionPooler.user',
      `\`${user}\` cannot be part of a Secret's name; use lower-case letters, digits, dashes and underscores.`,
    );
};

/** Kubernetes takes such an image, and the pods never start. */
function checkImage(field: string, image: string | undefined, report: Report): void {
  if (image !== undefined && /\s/.test(image))
    report.error(field, `\`${image}\` is no image: there are blanks in it.`);
}

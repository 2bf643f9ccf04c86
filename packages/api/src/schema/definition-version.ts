import api from '../../package.json' with { type: 'json' };

/** Annotation of a CustomResourceDefinition: the release that it is of. A later one is never replaced by an earlier. */
export const definitionVersionAnnotation = 'pgherd.dev/version';

/** The release of the definitions in this package. */
export const definitionVersion: string = api.version;

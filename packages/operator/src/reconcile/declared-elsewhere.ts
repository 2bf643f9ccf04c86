import type { Observed } from '../observe/observed.ts';
import type { RenderInput } from '../render/input.ts';

/** Roles of a cluster that are declared neither by its manifest nor by the configuration alone. */
export function declaredElsewhere({
  people,
  infrastructure,
}: Observed): Pick<RenderInput, 'infrastructure' | 'people' | 'unknownTeams'> {
  return {
    ...(infrastructure === undefined ? {} : { infrastructure }),
    ...(people?.people === undefined ? {} : { people: people.people }),
    ...(people === undefined ? {} : { unknownTeams: people.unknownTeams }),
  };
}

import type { World } from './world.ts';

/** Ends what a fault does for as long as it is let. Never fails because its victim is gone. */
export type Heal = () => Promise<void> | void;

/** Something that goes wrong, or that somebody does. */
export interface Fault {
  /** As the schedule prints it. */
  id: string;
  /** What happens, for people. */
  what: string;
  /** Does it to whoever has the role at that moment. Answers how it ends, when it does not by itself. */
  inflict(world: World): Promise<Heal | void>;
}

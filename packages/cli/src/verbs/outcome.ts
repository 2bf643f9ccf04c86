import { print, type OutputFormat } from '../output.ts';

/** One thing that happened while a verb was carried out. */
export interface Happening {
  /** RFC 3339. */
  at: string;
  /** Since the verb began to act. */
  seconds: number;
  what: string;
}

/** What a verb did; `-o json` prints it as it is. */
export interface Outcome {
  namespace: string;
  name: string;
  verb: string;
  happened: Happening[];
  /** Pod that is primary at the end, for verbs that move it. */
  primary?: string;
  /** RFC 3339, for what was scheduled. */
  scheduledAt?: string;
}

/** Tells people of each thing as it happens, and machines of all of them at the end. */
export class Account {
  readonly #format: OutputFormat;
  readonly #outcome: Outcome;
  #began: number | undefined;

  constructor(format: OutputFormat, about: Pick<Outcome, 'namespace' | 'name' | 'verb'>) {
    this.#format = format;
    this.#outcome = { ...about, happened: [] };
  }

  /** From now on time counts. */
  begin(): void {
    this.#began = Date.now();
  }

  tell(what: string): void {
    const now = Date.now();
    const seconds = Math.round((now - (this.#began ?? now)) / 100) / 10;
    this.#outcome.happened.push({ at: new Date(now).toISOString(), seconds, what });
    if (this.#format !== 'text') return;
    console.log(this.#began === undefined ? what : `${`+${seconds.toFixed(1)} s`.padStart(9)}  ${what}`);
  }

  /** Prints what machines get. */
  end(result: Pick<Outcome, 'primary' | 'scheduledAt'> = {}): void {
    print(this.#format, { ...this.#outcome, ...result }, () => '');
  }
}

import type { Distrust } from "@nightbeam/protocol";
import {
  clearFault,
  type FaultKeys,
  type NodeFault,
  putFault,
  RENEW_FAULT_MS,
} from "@nightbeam/queue";
import { type Clock, repeat, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";

export interface VerifierFaultsOptions {
  /** The name of this drafter. */
  readonly node: string;
  /** Where to report; undefined while there is no connection. */
  readonly keys: () => FaultKeys | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Interval between looks at what has to be reported. */
  readonly everyMs?: number | undefined;
}

interface Standing {
  readonly fault: NodeFault;
  /** When the verifier is asked again. Epoch milliseconds. */
  readonly until: number;
  /** When it was put last, by the clock; undefined if it was not. */
  putAt: number | undefined;
}

const EVERY_MS = 1_000;
const MAX_MESSAGE = 4_000;
/** How long the last words of a drafter that stops may take. */
const FAREWELL_MS = 500;

/**
 * Reports verifiers that this drafter does not believe as faults, for as long as it does not ask them. What Redis does
 * not take is tried again.
 */
export class VerifierFaults {
  readonly #options: VerifierFaultsOptions;
  readonly #standing = new Map<string, Standing>();
  readonly #stop: () => void;
  #isReporting = false;

  constructor(options: VerifierFaultsOptions) {
    this.#options = options;
    const { clock, everyMs = EVERY_MS } = options;
    this.#stop = repeat(clock, everyMs, () => void this.#report());
  }

  /** Reports a verifier, in place of what was reported of it before. */
  add({ kind, verifier, message, until }: Distrust): void {
    const { node, log } = this.#options;
    log.error({ verifier, kind, until: new Date(until).toISOString() }, message);
    const key = `${kind} ${verifier}`;
    const since = this.#standing.get(key)?.fault.since ?? new Date().toISOString();
    const fault = { kind, node, subject: verifier, message: message.slice(0, MAX_MESSAGE), since };
    this.#standing.set(key, { fault, until, putAt: undefined });
    void this.#report();
  }

  /** Ends the reports. The faults end by themselves, unless Redis takes that at once. */
  async close(): Promise<void> {
    this.#stop();
    const place = this.#options.keys();
    if (place === undefined) return;
    const gone = [...this.#standing.values()].map(({ fault }) => clearFault(place, fault));
    await within(Promise.allSettled(gone), { ms: FAREWELL_MS, clock: this.#options.clock });
  }

  /** Never rejects. */
  async #report(): Promise<void> {
    const { keys, clock, log } = this.#options;
    const place = keys();
    if (place === undefined || this.#isReporting) return;
    this.#isReporting = true;
    try {
      for (const [key, standing] of this.#standing) {
        if (standing.until <= Date.now()) {
          await clearFault(place, standing.fault);
          this.#standing.delete(key);
        } else if (standing.putAt === undefined || clock.now() - standing.putAt >= RENEW_FAULT_MS) {
          await putFault(place, standing.fault);
          standing.putAt = clock.now();
        }
      }
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, "could not report a verifier; retrying");
    } finally {
      this.#isReporting = false;
    }
  }
}

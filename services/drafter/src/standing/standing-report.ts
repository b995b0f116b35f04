import {
  clearFault,
  type FaultKeys,
  isRefusal,
  type NodeFault,
  putFault,
  RENEW_FAULT_MS,
  REPORT_DRAFTER_MS,
  removeDrafter,
  reportDrafter,
} from "@nightbeam/queue";
import { type Clock, repeat, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { ShardPolicy } from "./shard-policy.js";

export interface StandingReportOptions {
  readonly node: string;
  readonly version: string;
  readonly policy: Pick<
    ShardPolicy,
    "refuses" | "isBlind" | "faults" | "redisAnswered" | "redisRefused"
  >;
  /** Where to report; undefined while there is no connection. */
  readonly keys: () => FaultKeys | undefined;
  /** Called after what the policy knows has changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Interval between reports. Default: `REPORT_DRAFTER_MS`. */
  readonly everyMs?: number | undefined;
}

interface Reported {
  readonly fault: NodeFault;
  readonly at: number;
}

/** How long the last report of a drafter that stops may take. */
const FAREWELL_MS = 500;

/**
 * Reports this drafter and its faults to the others through Redis, learns who else is alive, and notices whether Redis
 * stores what it is given.
 */
export class StandingReport {
  readonly #options: StandingReportOptions;
  readonly #reported = new Map<string, Reported>();
  readonly #stop: () => void;
  #running = false;

  constructor(options: StandingReportOptions) {
    this.#options = options;
    const { clock, everyMs = REPORT_DRAFTER_MS } = options;
    this.#stop = repeat(clock, everyMs, () => void this.report());
  }

  /** Reports now, unless a report is in progress. Never rejects. */
  async report(): Promise<void> {
    const { keys, policy, onChange, log } = this.#options;
    const place = keys();
    if (place === undefined || this.#running) return;
    this.#running = true;
    try {
      const { node: name, version } = this.#options;
      const { refuses, isBlind } = policy;
      const drafter = { name, version, refuses: [...refuses], isBlind };
      policy.redisAnswered(await reportDrafter(place, drafter));
      await this.#reportFaults(place, policy.faults());
    } catch (error) {
      const { cause } = error instanceof Error ? error : {};
      if (isRefusal(cause)) policy.redisRefused(reasonOf(cause));
      log.debug({ reason: reasonOf(error) }, "could not report this drafter");
    } finally {
      this.#running = false;
      onChange();
    }
  }

  /** Ends the reports, and removes this drafter and its faults as far as Redis answers. */
  async close(): Promise<void> {
    const { keys, node, clock } = this.#options;
    this.#stop();
    const place = keys();
    if (place === undefined) return;
    const gone = Promise.all([
      removeDrafter(place, node),
      ...[...this.#reported.values()].map(({ fault }) => clearFault(place, fault)),
    ]);
    await within(gone, { ms: FAREWELL_MS, clock });
  }

  /** Puts what is new or has to be renewed, and clears what is mended. */
  async #reportFaults(place: FaultKeys, faults: readonly NodeFault[]): Promise<void> {
    const now = this.#options.clock.now();
    const standing = new Map(faults.map((fault) => [`${fault.kind} ${fault.subject}`, fault]));
    for (const [id, { fault }] of this.#reported) {
      if (standing.has(id)) continue;
      await clearFault(place, fault);
      this.#reported.delete(id);
    }
    for (const [id, fault] of standing) {
      const known = this.#reported.get(id);
      const isNew = known === undefined || known.fault.message !== fault.message;
      if (!isNew && now - known.at < RENEW_FAULT_MS) continue;
      await putFault(place, fault);
      this.#reported.set(id, { fault, at: now });
    }
  }
}

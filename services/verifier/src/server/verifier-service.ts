import type { Announcement } from "@nightbeam/control";
import type { ServedVerifier } from "@nightbeam/protocol";
import { type Clock, repeat } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { ProgramLanes } from "../lanes/lanes-options.js";
import type { Tally } from "./tally.js";

/** A verifier that takes calls. */
export interface RunningVerifier {
  readonly id: string;
  /** The address that drafters connect to. */
  readonly address: string;
  /** host:port that the server is bound to. */
  readonly listening: string;
  readonly isDraining: boolean;
  /** The exit code of the process, once everything is closed: 0, or 1 if a model thread was lost. */
  readonly finished: Promise<number>;
  /** Takes no more calls, finishes those in progress within the grace, and closes. */
  drain(why: string): void;
}

export interface VerifierParts {
  readonly id: string;
  readonly address: string;
  readonly listening: string;
  readonly lanes: ProgramLanes;
  readonly server: Pick<ServedVerifier, "openCalls" | "drain">;
  /** Server, lanes and model. */
  readonly closers: Closers;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
  readonly graceMs: number;
}

/** Interval between maintenance passes over lanes and idle clients. */
const MAINTENANCE_MS = 1_000;
/** Maintenance passes per line about calls that were not answered. */
const PASSES_PER_REPORT = 10;

/** `#move` is the only transition. */
type State = "serving" | "draining" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  serving: ["draining"],
  draining: ["closed"],
  closed: [],
};

/** The life of a served model from serving to closed. */
export class VerifierService implements RunningVerifier {
  readonly id: string;
  readonly address: string;
  readonly listening: string;
  readonly finished: Promise<number>;
  readonly #parts: VerifierParts;
  #finish: (exitCode: number) => void = () => undefined;
  #announcement: Announcement | undefined;
  #state: State = "serving";
  #isBroken = false;
  #passes = 0;

  constructor(parts: VerifierParts) {
    this.id = parts.id;
    this.address = parts.address;
    this.listening = parts.listening;
    this.#parts = parts;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const stop = repeat(parts.clock, MAINTENANCE_MS, () => this.#runMaintenance());
    parts.closers.add("maintenance", stop);
  }

  get isDraining(): boolean {
    return this.#state !== "serving";
  }

  announcedBy(announcement: Announcement): void {
    this.#announcement = announcement;
  }

  drain(why: string): void {
    if (this.#move("draining")) void this.#close(why);
  }

  /** Drains and exits with 1, so that clients ask another verifier and the process is restarted. */
  laneLost(): void {
    this.#isBroken = true;
    this.drain("a model thread is lost");
  }

  /** Never rejects. */
  async #close(why: string): Promise<void> {
    const { clock, closers, graceMs, lanes, log, server } = this.#parts;
    const startedAt = clock.now();
    const { waitingTokens, runningTokens } = lanes;
    const inProgress = { calls: server.openCalls, waitingTokens, runningTokens };
    log.info({ why, graceMs, ...inProgress }, "draining: no more calls are taken");
    // Clients that learn of it turn to another verifier before they are refused.
    this.#announcement?.update();
    await this.#attempt("the server did not close", () => server.drain(graceMs));
    await this.#attempt("could not deregister the verifier", async () => {
      await this.#announcement?.stop();
    });
    await closers.close();
    this.#report();
    this.#move("closed");
    const drainMs = Math.round(clock.now() - startedAt);
    const exitCode = this.#isBroken ? 1 : 0;
    log.info({ why, drainMs, exitCode }, "verifier has stopped");
    this.#finish(exitCode);
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.log.warn({ reason: reasonOf(error) }, what);
    }
  }

  #runMaintenance(): void {
    this.#parts.lanes.runMaintenance();
    this.#passes++;
    if (this.#passes % PASSES_PER_REPORT === 0) this.#report();
  }

  /** Logs a warning if calls were not answered. Answered calls are counted by the clients. */
  #report(): void {
    const counts = this.#parts.tally.take();
    const { waitingTokens, runningTokens } = this.#parts.lanes;
    if (counts.busy + counts.expired + counts.failed > 0) {
      this.#parts.log.warn(
        { ...counts, waitingTokens, runningTokens },
        "calls were refused, expired or failed; if many are busy, add a verifier",
      );
    } else this.#parts.log.debug({ ...counts, waitingTokens, runningTokens }, "calls so far");
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}

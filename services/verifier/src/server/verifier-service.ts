import type { Announcement } from "@nightbeam/control";
import type { Model } from "@nightbeam/model";
import type { ServedVerifier } from "@nightbeam/protocol";
import type { Clock } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { VerifierError } from "../errors.js";
import type { Lanes } from "../lanes/lanes.js";
import type { Tally } from "./tally.js";

/** A verifier that takes calls. */
export interface RunningVerifier {
  readonly id: string;
  /** What others dial. */
  readonly address: string;
  /** host:port that it is bound to. */
  readonly listening: string;
  readonly isDraining: boolean;
  /** How the process should exit, once all is closed: 0, or 1 where a model thread was lost. */
  readonly finished: Promise<number>;
  /** Takes no more calls, finishes those under way within the grace, and closes. */
  drain(why: string): void;
}

export interface VerifierParts {
  readonly id: string;
  readonly address: string;
  readonly listening: string;
  readonly lanes: Lanes;
  readonly server: ServedVerifier;
  readonly model: Pick<Model, "close">;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
  readonly graceMs: number;
}

/** Between two looks at threads and idle clients. */
const HOUSEKEEPING_MS = 1_000;
/** Looks between two lines about calls that were not answered. */
const LOOKS_A_REPORT = 10;
/** How long a model may take to end its pass and free its memory, before it is left to the system. */
const CLOSE_MS = 10_000;

/** `#move` is the only transition. */
type State = "serving" | "draining" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  serving: ["draining"],
  draining: ["closed"],
  closed: [],
};

/** A served model on its way from serving to closed. */
export class VerifierService implements RunningVerifier {
  readonly id: string;
  readonly address: string;
  readonly listening: string;
  readonly finished: Promise<number>;
  readonly #parts: VerifierParts;
  #finish: (exitCode: number) => void = () => undefined;
  #presence: Announcement | undefined;
  #state: State = "serving";
  #isBroken = false;
  #looks = 0;
  #endHousekeeping: () => void = () => undefined;

  constructor(parts: VerifierParts) {
    this.id = parts.id;
    this.address = parts.address;
    this.listening = parts.listening;
    this.#parts = parts;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#runMaintenance();
  }

  get isDraining(): boolean {
    return this.#state !== "serving";
  }

  announcedBy(presence: Announcement): void {
    this.#presence = presence;
  }

  drain(why: string): void {
    if (this.#move("draining")) void this.#close(why);
  }

  /** What a lost lane had is answered elsewhere, and whoever restarts processes gets to work. */
  laneLost(): void {
    this.#isBroken = true;
    this.drain("a model thread is lost");
  }

  /** Never rejects. */
  async #close(why: string): Promise<void> {
    const { clock, graceMs, lanes, log, server } = this.#parts;
    const startedAt = clock.now();
    const { waitingTokens, runningTokens } = lanes;
    const underWay = { calls: server.openCalls, waitingTokens, runningTokens };
    log.info(
      { why, graceMs, ...underWay },
      "draining: no more calls, those under way are finished",
    );
    // Clients that hear of it turn elsewhere before they are refused.
    this.#presence?.update();
    await this.#attempt("the server did not close", () => server.drain(graceMs));
    lanes.close(new VerifierError("DRAINING", "this verifier is going down; ask another one"));
    this.#endHousekeeping();
    await this.#attempt("the verifier is not signed off", async () => this.#presence?.stop());
    await this.#attempt("the model did not close", () => this.#closeModel());
    this.#report();
    this.#move("closed");
    const drainMs = Math.round(clock.now() - startedAt);
    log.info({ why, drainMs, exitCode: this.#isBroken ? 1 : 0 }, "verifier has stopped");
    this.#finish(this.#isBroken ? 1 : 0);
  }

  async #closeModel(): Promise<void> {
    let takeBack = () => {};
    const late = new Promise<never>((_, reject) => {
      takeBack = this.#parts.clock.after(CLOSE_MS, () => reject(new Error("it took too long")));
    });
    try {
      await Promise.race([this.#parts.model.close(), late]);
    } finally {
      takeBack();
    }
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.log.warn({ reason: reasonOf(error) }, what);
    }
  }

  #runMaintenance(): void {
    this.#endHousekeeping = this.#parts.clock.after(HOUSEKEEPING_MS, () => {
      this.#parts.lanes.keepHouse();
      this.#looks++;
      if (this.#looks % LOOKS_A_REPORT === 0) this.#report();
      if (this.#state !== "closed") this.#runMaintenance();
    });
  }

  /** A line where calls were not answered; the others are in the clients' figures. */
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

import type { Announcement } from "@nightbeam/control";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { ShardQueue } from "./jobs/shard-queue.js";
import type { ShardWork } from "./shard/shard-work.js";
import type { DecodeThread } from "./thread/decode-thread.js";

/** A drafter that takes shards. */
export interface RunningDrafter {
  readonly name: string;
  readonly isDraining: boolean;
  /** Users of the shards under way that have no list yet. */
  readonly usersInFlight: number;
  /** The process's exit code, once all is closed. Never rejects. */
  readonly finished: Promise<number>;
  /** Takes no more shards, finishes those under way within the grace, hands back the rest, closes. */
  drain(why: string): void;
}

export interface DrafterParts {
  readonly name: string;
  readonly graceMs: number;
  readonly queue: Pick<ShardQueue, "close">;
  readonly work: Pick<ShardWork, "usersInFlight">;
  readonly thread: Pick<DecodeThread, "close">;
  /** Stops listening for verifiers. */
  readonly forgetVerifiers: () => void;
  readonly log: Log;
}

/** `#move` is the only transition. */
type State = "working" | "draining" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  working: ["draining"],
  draining: ["closed"],
  closed: [],
};

/** The parts of a drafter on their way from working to closed. */
export class DrafterService implements RunningDrafter {
  readonly name: string;
  readonly finished: Promise<number>;
  readonly #parts: DrafterParts;
  #presence: Announcement | undefined;
  #state: State = "working";
  #finish: (exitCode: number) => void = () => {};

  constructor(parts: DrafterParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get isDraining(): boolean {
    return this.#state !== "working";
  }

  get usersInFlight(): number {
    return this.#parts.work.usersInFlight;
  }

  announcedBy(presence: Announcement): void {
    this.#presence = presence;
  }

  drain(why: string): void {
    if (this.#move("draining")) void this.#close(why);
  }

  async #close(why: string): Promise<void> {
    const { graceMs, queue, thread, forgetVerifiers, log } = this.#parts;
    const { usersInFlight } = this;
    log.info({ why, graceMs, usersInFlight }, "draining: no more shards are taken");
    this.#presence?.update();
    await this.#attempt("the queue did not close", () => queue.close(graceMs));
    await this.#attempt("the decode thread did not close", () => thread.close());
    forgetVerifiers();
    await this.#attempt("the drafter is not signed off", async () => this.#presence?.stop());
    this.#move("closed");
    log.info({ why }, "the drafter has stopped");
    this.#finish(0);
  }

  async #attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#parts.log.warn({ reason: reasonOf(error) }, what);
    }
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}

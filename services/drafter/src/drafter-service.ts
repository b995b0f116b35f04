import type { Announcement } from "@nightbeam/control";
import type { Closers } from "@nightbeam/service/lifecycle";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { ShardWork } from "./shard/shard-work.js";

/** A drafter that takes shards. */
export interface RunningDrafter {
  readonly name: string;
  readonly isDraining: boolean;
  /** Users of the shards in progress that have no list yet. */
  readonly usersInFlight: number;
  /** The exit code of the process, once everything is closed. Never rejects. */
  readonly finished: Promise<number>;
  /** Takes no more shards, finishes those in progress within the grace, hands back the rest, closes. */
  drain(why: string): void;
}

export interface DrafterParts {
  readonly name: string;
  readonly work: Pick<ShardWork, "usersInFlight">;
  /** The queue, which is closed first and within the grace, and everything below it. */
  readonly closers: Closers;
  readonly log: Log;
}

/** `#move` is the only transition. */
type State = "working" | "draining" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  working: ["draining"],
  draining: ["closed"],
  closed: [],
};

/** The life of a drafter from working to closed. */
export class DrafterService implements RunningDrafter {
  readonly name: string;
  readonly finished: Promise<number>;
  readonly #parts: DrafterParts;
  #announcement: Announcement | undefined;
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

  announcedBy(announcement: Announcement): void {
    this.#announcement = announcement;
  }

  drain(why: string): void {
    if (this.#move("draining")) void this.#close(why);
  }

  async #close(why: string): Promise<void> {
    const { closers, log } = this.#parts;
    const { usersInFlight } = this;
    log.info({ why, usersInFlight }, "draining: no more shards are taken");
    this.#announcement?.update();
    await closers.close();
    // The others see this node as draining until now.
    await this.#announcement?.stop().catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, "could not deregister the drafter");
    });
    this.#move("closed");
    log.info({ why }, "the drafter has stopped");
    this.#finish(0);
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}

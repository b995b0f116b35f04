import { RunError } from "../errors.js";
import type { RunTotals } from "../records/manifest.js";
import { makeManifest } from "../records/manifest.js";
import type { RunPlan } from "../records/plan.js";
import type { Manifest, PartRecord } from "../records/records.js";
import type { Lock } from "./lock.js";
import { mergeRejected } from "./merge-rejected.js";
import type { PartResult, PartTarget } from "./part.js";
import { nameFiles, writeAndCommit } from "./part.js";
import type { RunState } from "./state.js";
import { nextState } from "./state.js";

/** A run that this process may work on, until `close`. See `openRun`. */
export class Run {
  readonly dir: string;
  readonly plan: RunPlan;
  /** Whether the plan was there already: an earlier process began the run. */
  readonly resumed: boolean;
  readonly #target: PartTarget;
  readonly #lock: Lock;
  readonly #committed: Map<number, PartRecord>;
  #state: RunState;
  #manifest: Manifest | undefined;
  #closed = false;

  /** Runs are made by `openRun`. */
  constructor(options: {
    readonly state: RunState;
    readonly target: PartTarget;
    readonly lock: Lock;
    readonly resumed: boolean;
    readonly committed: readonly PartRecord[];
    readonly manifest: Manifest | undefined;
  }) {
    this.dir = options.target.dir;
    this.plan = options.target.plan;
    this.resumed = options.resumed;
    this.#target = options.target;
    this.#lock = options.lock;
    this.#committed = new Map(options.committed.map((record) => [record.index, record]));
    this.#manifest = options.manifest;
    this.#state = options.state;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Committed parts by index, also those of earlier processes. */
  get committed(): ReadonlyMap<number, PartRecord> {
    return this.#committed;
  }

  /** Whether the manifest stands: nothing is left to do. */
  get complete(): boolean {
    return this.#state === "complete";
  }

  /** The manifest of a complete run. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /**
   * Writes and commits a part; parts may come in any order and at the same time. A part that is
   * committed already is left as it is, and this attempt is discarded.
   *
   * @throws RunError PART_MISMATCH, BAD_RECOMMENDATION, WRITE_FAILED, RUN_STATE
   */
  async commitPart(result: PartResult): Promise<{ created: boolean; record: PartRecord }> {
    this.#requireOpen();
    this.#state = nextState(this.#state, "part_committed");
    const known = this.#committed.get(result.index);
    if (known !== undefined) return { created: false, record: known };
    const outcome = await writeAndCommit(this.#target, result);
    this.#committed.set(result.index, outcome.record);
    return outcome;
  }

  /**
   * Completes the run: verifies the records against the plan, merges rejected rows, writes the
   * manifest. `derive` makes figures out of the sums, such as calls per user. A complete run
   * resolves to the manifest that stands.
   *
   * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED, WRITE_FAILED, RUN_STATE
   */
  async finish(
    options: { readonly derive?: (totals: RunTotals) => Record<string, number> } = {},
  ): Promise<Manifest> {
    this.#requireOpen();
    if (this.#manifest !== undefined) return this.#manifest;
    const { dir, plan, journal } = this.#target;
    // From the journal, not from memory: what is on the disk is what the manifest vouches for.
    const records = await journal.readCommits();
    const made = makeManifest({
      location: dir,
      plan,
      records,
      derive: options.derive,
      createdAt: new Date(),
    });
    for (const record of records) await nameFiles(dir, record);
    await mergeRejected(dir, records);
    const manifest = await journal.createManifest(made);
    this.#state = nextState(this.#state, "finished");
    this.#manifest = manifest;
    return manifest;
  }

  /** Lets other processes work on the run. May be called more than once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#lock.release();
  }

  #requireOpen(): void {
    if (!this.#closed) return;
    throw new RunError("RUN_STATE", `The run in ${this.dir} is closed. Open it again.`);
  }
}

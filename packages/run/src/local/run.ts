import { join } from "node:path";
import { directoryFiles, readChunks, writeDurably } from "@nightbeam/store";
import { RunError } from "../errors.js";
import type { RunPlan } from "../plan.js";
import { makeManifest } from "../records/manifest.js";
import { mergeRejected } from "../records/merge-rejected.js";
import { REJECTED_FILE } from "../records/names.js";
import type { Manifest, PartRecord, PartResult } from "../records/records.js";
import type { ReuseRecord } from "../reuse/reuse-record.js";
import { readReuse, writeReuse } from "../reuse/shard-answers.js";
import { type KeptTrie, keepTrie } from "../reuse/trie-file.js";
import { nextRunState, type RunState } from "../state.js";
import type { RunStats, RunTotals } from "../statistics/run-stats.js";
import type { Lock } from "./lock.js";
import { type PartTarget, settleFiles, writeAndCommit } from "./part.js";

/** A run on one machine, locked by this process until `close`. See `openRun`. */
export class Run {
  readonly dir: string;
  readonly plan: RunPlan;
  /** Whether the plan existed already: an earlier process started the run. */
  readonly resumed: boolean;
  readonly #target: PartTarget;
  readonly #lock: Lock;
  readonly #committed: Map<number, PartRecord>;
  #state: RunState;
  #manifest: Manifest | undefined;
  #closed = false;

  /** Use `openRun`. */
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

  /** `planned` or `complete`. */
  get state(): RunState {
    return this.#state;
  }

  /** Committed parts by index, including those of earlier processes. */
  get committed(): ReadonlyMap<number, PartRecord> {
    return this.#committed;
  }

  /** Whether the manifest is written: nothing is left to do. */
  get complete(): boolean {
    return this.#state === "complete";
  }

  /** The manifest of a complete run. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /**
   * Writes and commits a part, in any order and concurrently. If the part is already committed, this
   * attempt is discarded.
   *
   * @throws RunError PART_MISMATCH, RUN_STATE, RUN_DAMAGED; DatasetError BAD_RECOMMENDATION,
   * WRITE_FAILED; StoreError WRITE_FAILED
   */
  async commitPart(result: PartResult): Promise<{ created: boolean; record: PartRecord }> {
    this.#requireOpen();
    this.#state = nextRunState(this.#state, "committed");
    const known = this.#committed.get(result.index);
    if (known !== undefined) return { created: false, record: known };
    const outcome = await writeAndCommit(this.#target, result);
    this.#committed.set(result.index, outcome.record);
    return outcome;
  }

  /** Keeps the trie that is searched, by which later runs compare answers. @throws StoreError WRITE_FAILED */
  keepTrie(kept: KeptTrie): Promise<void> {
    return keepTrie(directoryFiles(this.dir), kept);
  }

  /** Notes from which run lists are taken. @throws StoreError WRITE_FAILED */
  noteReuse(reuse: ReuseRecord): Promise<void> {
    return writeReuse(directoryFiles(this.dir), reuse);
  }

  /**
   * Completes the run: checks the records against the plan, merges the rejected rows, and writes the
   * manifest. `derive` computes figures from the sums, see `runFigures`. If the run is already
   * complete, returns its manifest.
   *
   * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED, RUN_STATE; StoreError WRITE_FAILED
   */
  async finish(
    options: { readonly derive?: (totals: RunTotals) => RunStats } = {},
  ): Promise<Manifest> {
    this.#requireOpen();
    if (this.#manifest !== undefined) return this.#manifest;
    const { dir, plan, journal } = this.#target;
    // From the journal, not from memory: the manifest vouches for what is on disk.
    const records = await journal.readCommits();
    const made = makeManifest({
      location: dir,
      plan,
      records,
      origin: await journal.readOrigin(),
      reuse: await readReuse(directoryFiles(dir)),
      derive: options.derive,
      createdAt: new Date(),
    });
    for (const record of records) await settleFiles(dir, record);
    const rejected = mergeRejected(records, (file) => readChunks(join(dir, file)));
    await writeDurably(join(dir, REJECTED_FILE), rejected);
    const manifest = await journal.createManifest(made);
    this.#state = nextRunState(this.#state, "finished");
    this.#manifest = manifest;
    return manifest;
  }

  /** Releases the lock, so that other processes can open the run. Idempotent. */
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

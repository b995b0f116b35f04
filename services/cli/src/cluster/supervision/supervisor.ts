import { Child, type ChildDeps } from "./child.js";
import type { Program } from "./program.js";

/** Programs that are stopped together. */
export type Group = readonly Program[];
/** Groups that are started together. */
export type Stage = readonly Group[];

/**
 * The processes of a cluster. A stage is started when the previous one is ready. Groups are stopped in reverse
 * order, across all stages, each when the one after it has ended.
 */
export class Supervisor {
  readonly #stages: readonly (readonly (readonly Child[])[])[];
  /** Resolves when all processes have been stopped. */
  readonly stopped: Promise<void>;
  #ended: () => void = () => undefined;
  #stopping: Promise<void> | undefined;

  constructor(stages: readonly Stage[], deps: ChildDeps) {
    this.#stages = stages.map((stage) =>
      stage.map((group) => group.map((program) => new Child(program, deps))),
    );
    this.stopped = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  get children(): readonly Child[] {
    return this.#stages.flat(2);
  }

  /** Starts all stages. @returns the first process that failed; undefined if all are ready or `stop` was called */
  async start(): Promise<Child | undefined> {
    for (const stage of this.#stages) {
      const failed = await firstFailure(stage.flat());
      if (this.#stopping !== undefined) return undefined;
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  /** Stops group by group, the last one first. Later calls wait for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopInOrder();
    return this.#stopping;
  }

  /** Kills all processes. */
  async kill(): Promise<void> {
    for (const child of this.children) child.kill();
    await this.stop();
  }

  async #stopInOrder(): Promise<void> {
    for (const group of this.#stages.flat().toReversed()) {
      await Promise.all(group.map((child) => child.stop()));
    }
    this.#ended();
  }
}

/** Starts all children. Returns as soon as one has failed, without waiting for the others. */
function firstFailure(children: readonly Child[]): Promise<Child | undefined> {
  return new Promise((resolve) => {
    const starts = children.map(async (child) => {
      if (!(await child.start())) resolve(child);
    });
    void Promise.all(starts).then(() => resolve(undefined));
  });
}

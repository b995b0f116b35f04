import {
  BACK_OFF,
  type BackOff,
  type ChildEvent,
  type ChildState,
  type Effect,
  type Phase,
  step,
  UNSTARTED,
} from "./child-state.js";
import type { Ending, Launch, Launched, Program } from "./program.js";

export interface ChildDeps {
  readonly launch: Launch;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly backOff?: BackOff;
  /** Called after every change; `note` is a message for the user. */
  readonly changed: (child: Child, note?: string) => void;
}

/** A supervised process: carries out the effects of `step`. */
export class Child {
  readonly program: Program;
  readonly #deps: ChildDeps;
  readonly #waiting = new Set<() => void>();
  #state: ChildState = UNSTARTED;
  #launched: Launched | undefined;
  #address: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ending: Ending = "never started";
  #isLate = false;

  constructor(program: Program, deps: ChildDeps) {
    this.program = program;
    this.#deps = deps;
    this.#address = program.address;
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  /** The pid of the current process. */
  get pid(): number | undefined {
    return this.#launched?.pid;
  }

  get address(): string | undefined {
    return this.#address;
  }

  /** How the last process ended. */
  get ending(): Ending {
    return this.#ending;
  }

  /** Starts the process and waits until it is ready. @returns false if it failed or was stopped first */
  async start(): Promise<boolean> {
    this.#take({ kind: "retry" });
    await this.#until((phase) => phase !== "starting");
    return this.phase === "ready";
  }

  /** Terminates the process, and kills it after its grace time. Resolves after its exit. */
  async stop(): Promise<void> {
    this.#take({ kind: "stop" });
    await this.#until((phase) => phase === "stopped");
  }

  /** Kills the process. */
  kill(): void {
    this.#take({ kind: "stop" });
    this.#take({ kind: "kill" });
  }

  #take(event: ChildEvent): void {
    const before = this.#state;
    if (event.kind === "overdue") this.#isLate = true;
    const { state, effects } = step(before, event, this.#deps.backOff ?? BACK_OFF);
    this.#state = state;
    if (state.phase !== before.phase) this.#arm(state.phase);
    for (const effect of effects) this.#carryOut(effect);
    if (state.phase === before.phase) return;
    this.#deps.changed(this, this.#noteOf(before, effects));
    for (const look of [...this.#waiting]) look();
  }

  /** Sets the time limit of a phase. */
  #arm(phase: Phase): void {
    clearTimeout(this.#timer);
    const { readyWithinMs, graceMs } = this.program;
    if (phase === "starting") this.#later(readyWithinMs, { kind: "overdue" });
    if (phase === "stopping") this.#later(graceMs, { kind: "kill" });
  }

  #later(ms: number, event: ChildEvent): void {
    this.#timer = setTimeout(() => this.#take(event), ms);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        this.#spawn();
        break;
      case "signal":
        this.#launched?.signal(effect.signal);
        break;
      case "retry-in":
        this.#later(effect.ms, { kind: "retry" });
        break;
    }
  }

  #spawn(): void {
    this.#isLate = false;
    this.#launched = this.#deps.launch(this.program, {
      ready: (address) => {
        this.#address = address ?? this.#address;
        this.#take({ kind: "ready", atMs: this.#deps.now() });
      },
      exited: (ending) => {
        this.#launched = undefined;
        const seconds = this.program.readyWithinMs / 1_000;
        this.#ending = this.#isLate ? `not ready within ${seconds} s` : ending;
        this.#take({ kind: "exited", atMs: this.#deps.now() });
      },
    });
  }

  #noteOf(before: ChildState, effects: readonly Effect[]): string | undefined {
    const { name, log } = this.program;
    const retry = effects.find((effect) => effect.kind === "retry-in");
    if (retry !== undefined) {
      const seconds = (retry.ms / 1_000).toFixed(1);
      return `${name} exited (${this.#ending}); restarting it in ${seconds} s. Its log: ${log}`;
    }
    return this.phase === "ready" && before.failures > 0 ? `${name} is ready again` : undefined;
  }

  #until(is: (phase: Phase) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!is(this.phase)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** One process of a cluster: how it is started, and how one sees that it is ready. */
export interface Program {
  /** Unique in its cluster; also the name of its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  /** In a line of its log; where there is a first group, that is its address. */
  readonly ready: RegExp;
  readonly readyWithinMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Where it is reached, if that is known before it starts. */
  readonly address?: string;
}

/** How a process ended, for a sentence: "exit code 1", "SIGKILL". */
export type Ending = string;

export interface LaunchHooks {
  ready(address: string | undefined): void;
  /** Called once, also where the process could not be started at all. */
  exited(ending: Ending): void;
}

export interface Launched {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a program once. */
export type Launch = (program: Program, hooks: LaunchHooks) => Launched;

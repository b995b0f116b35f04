/** How to start a process of a cluster, and how to see that it is ready. */
export interface Program {
  /** Unique in its cluster; also the name of its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  /** Matches the ready line in its log. The first group, if there is one, is its address. */
  readonly ready: RegExp;
  readonly readyWithinMs: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Its address, if that is known before it starts. */
  readonly address?: string;
}

/** How a process ended, as part of a message: "exit code 1", "SIGKILL". */
export type Ending = string;

export interface LaunchHooks {
  ready(address: string | undefined): void;
  /** Called once, also if the process could not be started. */
  exited(ending: Ending): void;
}

export interface Launched {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a program once. */
export type Launch = (program: Program, hooks: LaunchHooks) => Launched;

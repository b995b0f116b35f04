import type { Launch, LaunchHooks, Program } from "../../../src/cluster/supervision/program.js";

/** One start of a fake program, driven by the test. */
export interface FakeProcess {
  readonly name: string;
  readonly pid: number;
  readonly hooks: LaunchHooks;
  readonly signals: NodeJS.Signals[];
}

/** Programs that a test drives; if `obedient`, they end on signals. */
export function fakeLaunch(obedient = true): { launch: Launch; started: FakeProcess[] } {
  const started: FakeProcess[] = [];
  const launch: Launch = (program, hooks) => {
    const one = { name: program.name, pid: started.length + 1, hooks, signals: [] };
    const signals: NodeJS.Signals[] = one.signals;
    started.push(one);
    return {
      pid: one.pid,
      signal: (signal) => {
        signals.push(signal);
        if (obedient || signal === "SIGKILL") setTimeout(() => hooks.exited(signal), 1);
      },
    };
  };
  return { launch, started };
}

export function fakeProgram(name: string): Program {
  return {
    name,
    command: name,
    args: [],
    env: {},
    log: `/nowhere/${name}.log`,
    ready: /ready/,
    readyWithinMs: 1_000,
    graceMs: 500,
  };
}

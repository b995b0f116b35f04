import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Supervisor } from "../../src/cluster/supervision/supervisor.js";
import { fakeLaunch, fakeProgram } from "./support/fake-launch.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function world(stages: string[][], obedient = true) {
  const { launch, started } = fakeLaunch(obedient);
  const notes: string[] = [];
  const supervisor = new Supervisor(
    stages.map((stage) => stage.map((name) => [fakeProgram(name)])),
    {
      launch,
      now: () => Date.now(),
      backOff: { firstMs: 100, maxMs: 1_000, resetMs: 60_000 },
      changed: (_, note) => void (note === undefined || notes.push(note)),
    },
  );
  const names = () => started.map(({ name }) => name);
  const latest = (name: string) => {
    const found = started.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  };
  const phases = () => supervisor.children.map(({ phase }) => phase);
  return { supervisor, started, notes, names, latest, phases };
}

/** Lets promises settle and short timers pass. */
const settle = () => vi.advanceTimersByTimeAsync(5);

describe("Supervisor", () => {
  it("starts a stage when the one before it is ready, and stops in reverse order", async () => {
    const { supervisor, names, latest, phases } = world([["redis", "nats"], ["drafter"]]);
    const start = supervisor.start();
    await settle();
    expect(names()).toEqual(["redis", "nats"]);
    latest("redis").hooks.ready(undefined);
    await settle();
    expect(names()).toEqual(["redis", "nats"]);
    latest("nats").hooks.ready("here:1");
    await settle();
    latest("drafter").hooks.ready(undefined);
    expect(await start).toBeUndefined();
    expect(supervisor.children.map(({ address }) => address)).toEqual([
      undefined,
      "here:1",
      undefined,
    ]);

    const stop = supervisor.stop();
    expect(phases()).toEqual(["ready", "ready", "stopping"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(phases()).toEqual(["ready", "stopping", "stopped"]);
    await settle();
    await stop;
    await supervisor.stopped;
    expect(phases()).toEqual(["stopped", "stopped", "stopped"]);
  });

  it("names the first that fails, without waiting for the slow ones", async () => {
    const { supervisor, latest } = world([["slow", "broken"], ["never"]]);
    const start = supervisor.start();
    await settle();
    latest("broken").hooks.exited("exit code 3");
    const failed = await start;
    expect(failed?.program.name).toBe("broken");
    expect(failed?.ending).toBe("exit code 3");
    await Promise.all([supervisor.stop(), settle()]);
    expect(latest("slow").signals).toEqual(["SIGTERM"]);
  });

  it("ends what is not ready in time, with a message", async () => {
    const { supervisor, latest } = world([["hangs"]]);
    const start = supervisor.start();
    await vi.advanceTimersByTimeAsync(1_010);
    expect((await start)?.ending).toBe("not ready within 1 s");
    expect(latest("hangs").signals).toEqual(["SIGKILL"]);
  });

  it("restarts what has died, and prints a line", async () => {
    const { supervisor, latest, started, notes } = world([["drafter"]]);
    const start = supervisor.start();
    await settle();
    latest("drafter").hooks.ready(undefined);
    await start;
    latest("drafter").hooks.exited("SIGKILL");
    await vi.advanceTimersByTimeAsync(99);
    expect(started).toHaveLength(1);
    await settle();
    expect(started).toHaveLength(2);
    latest("drafter").hooks.ready(undefined);
    expect(notes).toEqual([
      "drafter exited (SIGKILL); restarting it in 0.1 s. Its log: /nowhere/drafter.log",
      "drafter is ready again",
    ]);
    await Promise.all([supervisor.stop(), settle()]);
  });

  it("does not restart a process that waits for its restart when a stop comes", async () => {
    const { supervisor, latest, started } = world([["drafter"]]);
    const start = supervisor.start();
    await settle();
    latest("drafter").hooks.ready(undefined);
    await start;
    latest("drafter").hooks.exited("exit code 1");
    await supervisor.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(started).toHaveLength(1);
  });

  it("kills what outlives its grace, and everything when asked to", async () => {
    const patient = world([["a"], ["b"]], false);
    const start = patient.supervisor.start();
    await settle();
    patient.latest("a").hooks.ready(undefined);
    await settle();
    patient.latest("b").hooks.ready(undefined);
    await start;
    const stop = patient.supervisor.stop();
    await vi.advanceTimersByTimeAsync(499);
    expect(patient.latest("b").signals).toEqual(["SIGTERM"]);
    expect(patient.latest("a").signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    expect(patient.latest("b").signals).toEqual(["SIGTERM", "SIGKILL"]);
    const kill = patient.supervisor.kill();
    await settle();
    await Promise.all([stop, kill]);
    expect(patient.latest("a").signals).toEqual(["SIGTERM", "SIGKILL"]);
  });

  it("can be stopped while it starts", async () => {
    const { supervisor, names, phases } = world([["a"], ["b"]]);
    const start = supervisor.start();
    await settle();
    await Promise.all([supervisor.stop(), settle()]);
    expect(await start).toBeUndefined();
    expect(names()).toEqual(["a"]);
    expect(phases()).toEqual(["stopped", "stopped"]);
  });
});

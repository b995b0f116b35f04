import { loggedClosers } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { FakeTime } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { VerifierError } from "../src/errors.js";
import { Lanes } from "../src/lanes/lanes.js";
import { closeModel } from "../src/server/load-target.js";
import { Tally } from "../src/server/tally.js";
import { VerifierService } from "../src/server/verifier-service.js";
import { FakeModel, outcome, request, WIDE_LIMITS } from "./support/calls.js";

/** A verifier whose dependencies record what is done to them. */
function opened(
  parts: { closeServer?: () => Promise<void>; closeModel?: () => Promise<void> } = {},
) {
  const time = new FakeTime();
  const model = new FakeModel(time);
  const done: string[] = [];
  const note = (what: string) => async () => {
    done.push(what);
  };
  let verifier: VerifierService | undefined;
  const lanes = new Lanes({
    workers: [model],
    limits: { ...WIDE_LIMITS, tokenBudget: 10 },
    clock: time,
    costLine: () => ({ callMs: 10, tokenMs: 1 }),
    onPass: () => undefined,
    probe: { requests: [request(-1)], beamWidth: 0 },
    keepsPrompts: true,
    onLost: () => verifier?.laneLost(),
  });
  const closers = loggedClosers(silentLog);
  const fakeModel = { close: parts.closeModel ?? note("model closes") };
  closers.add("model", () => closeModel(fakeModel, time));
  closers.add("lanes", () => lanes.close(new VerifierError("DRAINING", "the verifier stops")));
  verifier = new VerifierService({
    id: "v",
    address: "127.0.0.1:1",
    listening: "127.0.0.1:1",
    lanes,
    server: {
      openCalls: 0,
      drain: async (graceMs) => {
        done.push(`server drains for ${graceMs}`);
        await parts.closeServer?.();
      },
    },
    closers,
    tally: new Tally(),
    clock: time,
    log: silentLog,
    graceMs: 500,
  });
  verifier.announcedBy({
    update: () => done.push(`announced as ${verifier?.isDraining ? "draining" : "serving"}`),
    stop: note("signed off"),
  });
  return { time, model, lanes, verifier, done };
}

describe("a verifier that stops", () => {
  it("announces it first, finishes what is in progress, then closes, once", async () => {
    const { verifier, done, time } = opened();
    verifier.drain("SIGTERM");
    verifier.drain("asked");
    expect(await verifier.finished).toBe(0);
    expect(done).toEqual([
      "announced as draining",
      "server drains for 500",
      "signed off",
      "model closes",
    ]);
    expect(time.pending).toBe(0);
  });

  it("gives up calls that outlast the grace", async () => {
    const { verifier, lanes, time } = opened();
    const calls = [1, 2].map((key) =>
      outcome(
        lanes.score({
          peer: "x",
          client: "x",
          requests: [request(key, 10)],
          released: [],
          deadline: Number.POSITIVE_INFINITY,
          signal: new AbortController().signal,
        }),
      ),
    );
    verifier.drain("SIGTERM");
    await verifier.finished;
    expect(await calls[1]).toBe("DRAINING");
    await time.advance(200);
    expect(await calls[0]).toMatchObject({ computeMs: 100 });
  });

  it("stops even if a part of it cannot be closed", async () => {
    const { verifier, done, time } = opened({
      closeServer: () => Promise.reject(new Error("a socket is stuck")),
      closeModel: () => new Promise(() => undefined),
    });
    verifier.drain("SIGTERM");
    await time.advance(20_000);
    expect(await verifier.finished).toBe(0);
    expect(done).toContain("signed off");
    expect(time.pending).toBe(0);
  });

  it("exits with 1 when a model thread died, also one that had nothing to do", async () => {
    const { verifier, model, time } = opened();
    await time.advance(5_000);
    expect(verifier.isDraining).toBe(false);
    model.isOpen = false;
    await time.advance(1_000);
    expect(verifier.isDraining).toBe(true);
    expect(await verifier.finished).toBe(1);
    const other = opened();
    other.verifier.drain("SIGTERM");
    other.verifier.laneLost();
    expect(await other.verifier.finished).toBe(1);
  });
});

import { type Control, openControl } from "@nightbeam/control";
import { silentLog } from "@nightbeam/service/log";
import { describeWithNats, type NatsServer, startNatsServer } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useCommand } from "./support/command.js";
import { clientOf, job } from "./support/verifiers.js";
import { logProbsOf, useVerifierWorld } from "./support/worlds.js";

describeWithNats("nightbeam verifier with NATS", () => {
  const world = useVerifierWorld();
  const start = useCommand();
  let nats: NatsServer;
  let control: Control;
  beforeAll(async () => {
    nats = await startNatsServer({ jetstream: false });
    control = await openControl({ servers: nats.url, name: "test", log: silentLog });
  });
  afterAll(async () => {
    await control?.close();
    await nats?.stop();
  });

  it("is found with its cost and load, asked to drain, and gone", async () => {
    const verifiers = control.watchNodes("verifier");
    const changed = () =>
      new Promise<void>((resolve) => {
        const end = verifiers.onChange(() => {
          end();
          resolve();
        });
      });
    const { exit } = start(
      ["--target", world().target, "--catalogue", world().catalogue, "--listen", "127.0.0.1:0"],
      { NIGHTBEAM_NATS_URL: nats.url, NIGHTBEAM_NAME: "gpu-1", NIGHTBEAM_WORKERS: "1" },
    );
    const client = clientOf(world(), verifiers);
    // The client waits for a verifier.
    const { first } = world().questions(0, 4);
    const answers = await client.scorer(job()).score(first);
    expect(logProbsOf(answers)).toEqual(await Promise.all(first.map(world().alone)));
    const [found] = verifiers.nodes;
    expect(found).toMatchObject({ id: "gpu-1", precision: "fp32", draining: false });
    expect(found?.cost).toEqual({ callMs: expect.any(Number), tokenMs: expect.any(Number) });
    await control.drain("gpu-1");
    expect(await exit).toBe(0);
    while (verifiers.nodes.length > 0) await changed();
    await client.close();
    verifiers.close();
  });
});

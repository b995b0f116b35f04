import { describeWithNats, type NatsServer, startNatsServer } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { settled, until, useControls, verifier } from "./support/controls.js";

const rollout = { target: "t", draft: [], catalogue: "c", announcedAt: "2026-11-03T00:00:00.000Z" };

describeWithNats("clusters that share a NATS", () => {
  const open = useControls();
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.stop());

  it("see neither nodes nor rollouts of each other, and drain none", async () => {
    const [production, staging] = [
      await open(nats.url, { namespace: "production" }),
      await open(nats.url, { namespace: "staging" }),
    ];
    const lists = [production.watchNodes("verifier"), staging.watchNodes("verifier")] as const;
    await until(() => production.connected && staging.connected);
    await settled(production);
    await settled(staging);
    let drained = 0;
    const onDrain = () => drained++;
    production.announce(() => verifier("same", { target: "production" }), { onDrain });
    staging.announce(() => verifier("same", { target: "staging" }), { onDrain: () => {} });
    await until(() => lists.every(({ nodes }) => nodes.length > 0));
    expect(lists.map(({ nodes }) => nodes.map(({ target }) => target))).toEqual([
      ["production"],
      ["staging"],
    ]);
    await production.rollouts.announce("gold", rollout);
    expect(await staging.rollouts.list()).toEqual([]);
    await staging.drain("same");
    expect(drained).toBe(0);
    await production.drain("same");
    expect(drained).toBe(1);
  });
});

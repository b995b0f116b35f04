import { openControl } from "@nightbeam/control";
import { silentLog } from "@nightbeam/service/log";
import { until } from "@nightbeam/testing";
import { startPlace } from "@nightbeam/testing/scheduler";
import { describeWithNats, redisIsHere, startNatsServer } from "@nightbeam/testing/servers";
import { expect, it } from "vitest";
import { startScheduler } from "../src/start-scheduler.js";

describeWithNats("with NATS", () => {
  it.skipIf(!redisIsHere())("nodes are listed and rollouts announced, also late", async () => {
    const place = await startPlace(startScheduler);
    const nats = await startNatsServer();
    const open = (name: string) => openControl({ servers: nats.url, name, log: silentLog });
    const control = await open("scheduler");
    const node = await open("verifier");
    const api = await place.scheduler({}, { control, unverifiedMs: 300 });
    expect(await control.waitConnected(5_000)).toBe(true);
    node.announce(
      () => ({
        role: "verifier",
        id: "v1",
        address: "127.0.0.1:7001",
        target: "a".repeat(64),
        waitingTokens: 3,
        runningTokens: 0,
        draining: false,
        version: "0.1.0",
      }),
      { onDrain: () => {} },
    );
    const nodes = async () => (await api.ask("GET", "/v1/nodes")).body;
    await until("it is listed", async () => JSON.stringify(await nodes()).includes("v1"));
    expect(await nodes()).toMatchObject({
      connected: true,
      verifiers: [{ id: "v1", address: "127.0.0.1:7001", waitingTokens: 3 }],
      drafters: [],
    });
    const { run } = await api.submit(place.request("unverified"));
    await until("the run says what it waits for", async () => {
      const { state, reason = "" } = await api.run(run.id);
      return state === "running" && reason.includes("1 announced hold target aaaaaaaaaaaa");
    });
    await until("an alarm says so", async () => {
      const { body } = await api.ask("GET", "/v1/alarms");
      return JSON.stringify(body).includes('"run_unverified"');
    });
    const work = { waitingTokens: 0, runningTokens: 0, draining: false, version: "0.1.0" };
    const drafter = await open("drafter");
    drafter.announce(() => ({ role: "drafter", id: "d1", namedVerifiers: 1, ...work }), {
      onDrain: () => {},
    });
    await until("it says that there may be other verifiers", async () => {
      return (
        (await api.run(run.id)).reason?.includes("that drafters were given by address") === true
      );
    });
    await drafter.close();
    await api.ask("POST", `/v1/runs/${run.id}/cancel`);
    expect(await api.run(run.id)).not.toHaveProperty("reason");
    const { target, draft, catalogue } = place.world;
    const rollout = { target, draft: [draft], catalogue };
    const set = await api.ask("PUT", "/v1/rollouts/beauty", rollout);
    expect(set.body).toMatchObject({ announced: true });
    expect(await node.rollouts.current("beauty")).toMatchObject(rollout);
    await nats.kill();
    await until("NATS is away", () => !control.connected);
    const late = await api.ask("PUT", "/v1/rollouts/late", rollout);
    expect(late).toMatchObject({ status: 200, body: { announced: false } });
    await nats.restart();
    await until("it is announced late", async () => {
      return (await node.rollouts.current("late").catch(() => undefined)) !== undefined;
    });
    await Promise.all([control.close(), node.close()]);
    await place.stop();
    await nats.stop();
  });
});

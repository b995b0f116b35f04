import { FakeTime } from "@nightbeam/testing";
import {
  describeWithNats,
  freePort,
  type NatsServer,
  startNatsServer,
} from "@nightbeam/testing/servers";
import { connect } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Rollout } from "../src/rollouts/rollout.js";
import { listLog, until, useControls } from "./support/controls.js";

function rollout(target: string): Rollout {
  return { target, draft: ["d1", "d2"], catalogue: "c1", announcedAt: "2026-11-21T00:00:00Z" };
}

describeWithNats("rollouts", () => {
  const open = useControls();
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.stop());

  async function opened(options: Parameters<typeof open>[1] = {}) {
    const control = await open(nats.url, options);
    expect(await control.waitConnected(5_000)).toBe(true);
    return control;
  }

  it("are announced, read and listed", async () => {
    const { rollouts } = await opened();
    expect(await rollouts.list()).toEqual([]);
    expect(await rollouts.current("main")).toBeUndefined();
    const first = await rollouts.announce("main", rollout("t1"));
    const second = await rollouts.announce("main", rollout("t2"));
    expect(second).toBeGreaterThan(first);
    await rollouts.announce("blue.shop-1", rollout("t3"));
    expect(await rollouts.current("main")).toEqual(rollout("t2"));
    expect(await rollouts.list()).toEqual([
      { name: "blue.shop-1", rollout: rollout("t3"), revision: second + 1 },
      { name: "main", rollout: rollout("t2"), revision: second },
    ]);
  });

  it("keep five values", async () => {
    const { rollouts } = await opened();
    for (let n = 0; n < 7; n++) await rollouts.announce("deep", rollout(`t${n}`));
    const tool = await connect({ servers: nats.url });
    try {
      const bucket = await tool.jetstream().views.kv("nightbeam-rollouts", { bindOnly: true });
      expect((await bucket.status()).history).toBe(5);
    } finally {
      await tool.close();
    }
  });

  it("are reported to watchers: the existing ones, then every change once", async () => {
    const { rollouts } = await opened();
    await rollouts.announce("watched", rollout("t1"));
    const watcher = await opened();
    const told: string[] = [];
    const end = watcher.rollouts.watch((name, { target }) => {
      if (name === "watched") told.push(target);
    });
    await until(() => told.length === 1);
    await rollouts.announce("watched", rollout("t2"));
    await until(() => told.length === 2);
    await rollouts.announce("watched", rollout("t2"));
    await rollouts.announce("watched", rollout("t3"));
    await until(() => told.length === 3);
    end();
    await rollouts.announce("watched", rollout("t4"));
    expect(await watcher.rollouts.current("watched")).toEqual(rollout("t4"));
    expect(told).toEqual(["t1", "t2", "t3"]);
  });

  it("survive a killed server, and so do watchers", async () => {
    const control = await opened();
    const told: string[] = [];
    control.rollouts.watch((name, { target }) => {
      if (name === "night") told.push(target);
    });
    await control.rollouts.announce("night", rollout("t1"));
    await until(() => told.length === 1);
    await nats.kill();
    await until(() => !control.connected);
    await expect(control.rollouts.current("night")).rejects.toMatchObject({
      code: "NOT_CONNECTED",
    });
    await nats.restart();
    await until(() => control.connected);
    await until(() => control.rollouts.current("night").then(Boolean, () => false));
    expect(await control.rollouts.current("night")).toEqual(rollout("t1"));
    await control.rollouts.announce("night", rollout("t2"));
    await until(() => told.length === 2);
    expect(told).toEqual(["t1", "t2"]);
  });

  it("are refused if they are invalid, and skipped if another tool wrote something else", async () => {
    const log = listLog();
    const { rollouts } = await opened({ log });
    const bad = expect.objectContaining({ code: "BAD_ROLLOUT" });
    for (const name of ["", "a b", ".a", "a.", "a..b", ">"]) {
      await expect(rollouts.announce(name, rollout("t"))).rejects.toEqual(bad);
      await expect(rollouts.current(name)).rejects.toEqual(bad);
    }
    await expect(rollouts.announce("x", { ...rollout("t"), target: "" })).rejects.toThrow(/target/);
    const tool = await connect({ servers: nats.url });
    try {
      const bucket = await tool.jetstream().views.kv("nightbeam-rollouts");
      await bucket.put("junk", "{");
      await expect(rollouts.current("junk")).rejects.toEqual(bad);
      expect((await rollouts.list()).map(({ name }) => name)).not.toContain("junk");
      expect(log.lines).toContainEqual(
        expect.objectContaining({ message: "skipped an unreadable rollout" }),
      );
      await bucket.delete("junk");
      expect(await rollouts.current("junk")).toBeUndefined();
    } finally {
      await tool.close();
    }
  });
});

describeWithNats("rollouts without a bucket", () => {
  const open = useControls();

  it("report what is missing and the remedy; watchers wait for it", async () => {
    let nats = await startNatsServer({ jetstream: false });
    try {
      const clock = new FakeTime();
      const log = listLog();
      const control = await open(nats.url, { clock, log });
      expect(await control.waitConnected(5_000)).toBe(true);
      const missing = { code: "NO_BUCKET", message: expect.stringContaining("nats-server -js") };
      await expect(control.rollouts.current("main")).rejects.toMatchObject(missing);
      await expect(control.rollouts.announce("main", rollout("t"))).rejects.toMatchObject(missing);
      const told: string[] = [];
      control.rollouts.watch((name) => told.push(name));
      const warned = () =>
        log.lines.filter(({ message }) => message.startsWith("cannot watch rollouts"));
      await until(() => warned().length === 1);
      await clock.advance(90_000);
      await nats.stop();
      await until(() => !control.connected);
      nats = await startNatsServer({ port: nats.port });
      await until(() => control.connected);
      await until(() => control.rollouts.announce("main", rollout("t")).then(Boolean, () => false));
      await until(() => told.includes("main"));
      expect(warned()).toHaveLength(1);
    } finally {
      await nats.stop();
    }
  });

  it("report that NATS is away", async () => {
    const control = await open(`127.0.0.1:${await freePort()}`);
    await expect(control.rollouts.list()).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    await control.close();
    await expect(control.rollouts.list()).rejects.toMatchObject({ code: "CLOSED" });
  });
});

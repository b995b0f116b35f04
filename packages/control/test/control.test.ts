import { createServer, type Socket } from "node:net";
import { describeWithNats, freePort, startNatsServer } from "@nightbeam/testing/servers";
import { describe, expect, it } from "vitest";
import { openControl } from "../src/control.js";
import { listLog, until, useControls, verifier } from "./support/controls.js";

const onDrain = () => {};

/** Sockets and timers of this process. */
function handles(): number {
  const kinds = ["TCPSocketWrap", "Timeout"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

async function untilHandles(limit: number): Promise<void> {
  await until(() => handles() <= limit);
}

describe("control without NATS", () => {
  const open = useControls();

  it("opens, waits for the given time, and closes at once", async () => {
    const before = handles();
    const log = listLog();
    const control = await open(`127.0.0.1:${await freePort()}`, { log });
    const nodes = control.watchNodes("verifier");
    control.announce(() => verifier("a"), { onDrain });
    control.rollouts.watch(() => {});
    expect(await control.waitConnected(200)).toBe(false);
    expect(control.connected).toBe(false);
    expect(nodes.endpoints).toEqual([]);
    await expect(control.drain("a")).rejects.toMatchObject({ code: "NOT_CONNECTED" });
    const start = performance.now();
    await control.close();
    expect(performance.now() - start).toBeLessThan(500);
    await untilHandles(before);
    expect(log.lines.map(({ message }) => message)).toEqual(["cannot reach NATS; retrying"]);
    expect(() => control.watchNodes("verifier")).toThrow(
      expect.objectContaining({ code: "CLOSED" }),
    );
    await control.close();
  });

  it("fails waits for a connection that was closed", async () => {
    const before = handles();
    const control = await open(`127.0.0.1:${await freePort()}`);
    const waiting = control.waitConnected(60_000);
    await control.close();
    expect(await waiting).toBe(false);
    expect(await control.waitConnected(60_000)).toBe(false);
    await untilHandles(before);
  });

  it("keeps no socket open for a server that never answers", async () => {
    const sockets = new Set<Socket>();
    let most = 0;
    let tries = 0;
    const silent = createServer((socket) => {
      sockets.add(socket);
      tries++;
      most = Math.max(most, sockets.size);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
      socket.resume();
    });
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
    try {
      const timing = { connectMs: 30, reconnectMs: 10 };
      const control = await open(`127.0.0.1:${port}`, { timing });
      await until(() => tries >= 5);
      expect(most).toBeLessThanOrEqual(2);
      await control.close();
      await until(() => sockets.size === 0);
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  it("refuses an invalid list of servers", async () => {
    const options = { servers: "http://a", name: "test", log: listLog() };
    await expect(openControl(options)).rejects.toMatchObject({ code: "BAD_SERVERS" });
  });
});

describeWithNats("control", () => {
  const open = useControls();

  it("connects later, and then does what was asked before", async () => {
    const port = await freePort();
    const control = await open(`127.0.0.1:${port}`);
    const nodes = control.watchNodes("verifier");
    control.announce(() => verifier("early"), { onDrain });
    expect(await control.waitConnected(100)).toBe(false);
    const nats = await startNatsServer({ port });
    try {
      expect(await control.waitConnected(5_000)).toBe(true);
      await until(() => nodes.nodes.length === 1);
    } finally {
      await nats.stop();
    }
  });

  it("takes the server of a list that answers", async () => {
    const nats = await startNatsServer();
    try {
      const control = await open(`127.0.0.1:${await freePort()},${nats.url}`);
      expect(await control.waitConnected(5_000)).toBe(true);
    } finally {
      await nats.stop();
    }
  });

  it("uses the password of the URL, keeps trying with a wrong one, and logs neither", async () => {
    const nats = await startNatsServer({ args: ["--user", "u", "--pass", "12s3cr3t"] });
    try {
      const log = listLog();
      const good = await open(`nats://u:12s3cr3t@127.0.0.1:${nats.port}`, { log });
      expect(await good.waitConnected(5_000)).toBe(true);
      const bad = await open(`nats://u:99s3cr3t@127.0.0.1:${nats.port}`, { log });
      const warned = () => log.lines.filter(({ level }) => level === "warn");
      await until(() => warned().length === 1);
      expect(await bad.waitConnected(200)).toBe(false);
      expect(warned()).toHaveLength(1);
      expect(JSON.stringify(warned())).toMatch(/refuses the user and password/);
      expect(JSON.stringify(log.lines)).not.toContain("s3cr3t");
    } finally {
      await nats.stop();
    }
  });

  it.each(["there", "killed", "silent"])(
    "closes quickly and leaves nothing open when NATS is %s",
    async (state) => {
      const nats = await startNatsServer();
      const before = handles();
      try {
        const timing = { heartbeatMs: 50 };
        const control = await open(nats.url, { timing });
        const other = await open(nats.url, { timing });
        const nodes = other.watchNodes("verifier");
        control.watchNodes("drafter");
        control.rollouts.watch(() => {});
        control.announce(() => verifier("a"), { onDrain });
        await until(() => control.connected && nodes.nodes.length === 1);
        if (state === "killed") await nats.kill();
        if (state === "silent") nats.pause();
        const start = performance.now();
        await control.close();
        expect(performance.now() - start).toBeLessThan(1_500);
        // The last word leaves with the connection.
        if (state === "there") await until(() => nodes.nodes.length === 0);
        await other.close();
        await untilHandles(before);
      } finally {
        await nats.stop();
      }
    },
  );
});

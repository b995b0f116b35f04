import { FakeTime } from "@nightbeam/testing";
import { describeWithNats, type NatsServer, startNatsServer } from "@nightbeam/testing/servers";
import { connect, NatsError } from "nats";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { readNodeMessage } from "../src/nodes/status.js";
import { listLog, settled, until, useControls, verifier } from "./support/controls.js";

const onDrain = () => {};

describeWithNats("nodes", () => {
  const open = useControls();
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterEach(() => nats.resume());
  afterAll(() => nats.stop());

  /** A watcher whose clock is stopped, and an announcer that sends heartbeats when its clock advances. */
  async function pair(timing = {}) {
    const clocks = { watcher: new FakeTime(), node: new FakeTime() };
    const log = listLog();
    const watcher = await open(nats.url, { clock: clocks.watcher, log, timing });
    const node = await open(nats.url, { clock: clocks.node, timing });
    const nodes = watcher.watchNodes("verifier");
    await until(() => watcher.connected && node.connected);
    await settled(watcher);
    return { watcher, node, nodes, clocks, log };
  }

  it("are seen at once, with their whole status, by watchers of their role", async () => {
    const { watcher, node, nodes } = await pair();
    const drafters = watcher.watchNodes("drafter");
    await settled(watcher);
    const cost = { callMs: 2, tokenMs: 0.1 };
    const programs = [
      { program: "tree-scores" as const, cost },
      { program: "beam-search" as const },
    ];
    const status = verifier("gpu1", { cost, programs, precision: "fp32" });
    node.announce(() => status, { onDrain });
    await until(() => nodes.nodes.length === 1);
    expect(nodes.nodes).toEqual([status]);
    expect(nodes.endpoints).toEqual([
      {
        id: "gpu1",
        address: "gpu1:50051",
        target: "t1",
        catalogue: "c1",
        scoring: "full",
        waitingTokens: 0,
        cost,
        programs,
        draining: false,
      },
    ]);
    expect(drafters.nodes).toEqual([]);
    node.announce(
      () => ({
        role: "drafter",
        id: "cpu1",
        waitingTokens: 0,
        runningTokens: 5,
        draining: false,
        version: "0.1.0",
      }),
      { onDrain },
    );
    await until(() => drafters.nodes.length === 1);
    expect(drafters.endpoints).toEqual([]);
  });

  it("send a heartbeat per second, one at once on update, and a last message", async () => {
    const { node, nodes, clocks } = await pair();
    let waitingTokens = 0;
    let changes = 0;
    nodes.onChange(() => changes++);
    const announcement = node.announce(() => verifier("a", { waitingTokens }), { onDrain });
    await until(() => changes === 1);
    waitingTokens = 1;
    await clocks.node.advance(999);
    await clocks.node.advance(1);
    await until(() => nodes.endpoints[0]?.waitingTokens === 1);
    waitingTokens = 2;
    announcement.update();
    await until(() => nodes.endpoints[0]?.waitingTokens === 2);
    expect(changes).toBe(3);
    await announcement.stop();
    await until(() => nodes.nodes.length === 0);
    announcement.update();
    await clocks.node.advance(5_000);
    await node.waitConnected(0);
    expect(changes).toBe(4);
  });

  it("expire when they are killed and send no more heartbeats", async () => {
    const { node, nodes, clocks } = await pair();
    node.announce(() => verifier("alive"), { onDrain });
    const other = await open(nats.url, { clock: new FakeTime() });
    other.announce(() => verifier("killed"), { onDrain });
    await until(() => nodes.nodes.length === 2);
    let waitingTokens = 0;
    node.announce(() => verifier("beating", { waitingTokens }), { onDrain });
    await until(() => nodes.nodes.length === 3);
    await clocks.watcher.advance(4_500);
    expect(nodes.nodes).toHaveLength(3);
    waitingTokens = 1;
    await clocks.node.advance(1_000);
    await until(() => nodes.endpoints[1]?.waitingTokens === 1);
    await clocks.watcher.advance(500);
    expect(nodes.nodes.map(({ id }) => id)).toEqual(["alive", "beating"]);
  });

  it("stay listed while NATS is away; afterwards new ones appear and dead ones go", async () => {
    const { watcher, node, nodes, clocks, log } = await pair();
    node.announce(() => verifier("old"), { onDrain });
    const dead = await open(nats.url);
    dead.announce(() => verifier("dead"), { onDrain });
    await until(() => nodes.nodes.length === 2);
    await nats.kill();
    const away = () => log.lines.filter(({ message }) => message.startsWith("cannot reach NATS"));
    await until(() => away().length === 1);
    expect(watcher.connected).toBe(false);
    await dead.close();
    await clocks.watcher.advance(3_600_000);
    expect(nodes.nodes.map(({ id }) => id)).toEqual(["dead", "old"]);
    await nats.restart();
    await until(() => watcher.connected && node.connected);
    await settled(watcher);
    node.announce(() => verifier("new"), { onDrain });
    await until(() => nodes.nodes.some(({ id }) => id === "new"));
    await clocks.watcher.advance(4_500);
    expect(nodes.nodes.map(({ id }) => id)).toEqual(["dead", "new", "old"]);
    await clocks.node.advance(1_000);
    await watcher.drain("old");
    await clocks.watcher.advance(500);
    expect(nodes.nodes.map(({ id }) => id)).toEqual(["new", "old"]);
    const messages = log.lines.map(({ message }) => message);
    expect(messages.filter((message) => message === "connected to NATS")).toHaveLength(2);
    expect(
      messages.filter((message) => message.startsWith("lost the NATS connection")),
    ).toHaveLength(1);
    expect(away()).toHaveLength(1);
  });

  it("stay listed when NATS falls silent without closing its connections", async () => {
    const { watcher, node, nodes, clocks } = await pair({ pingMs: 50, connectMs: 100 });
    node.announce(() => verifier("a"), { onDrain });
    await until(() => nodes.nodes.length === 1);
    nats.pause();
    await until(() => !watcher.connected);
    await clocks.watcher.advance(60_000);
    expect(nodes.nodes).toHaveLength(1);
    nats.resume();
    await until(() => watcher.connected && node.connected);
    expect(nodes.nodes).toHaveLength(1);
  });

  it("are asked to drain, once, and report that they do", async () => {
    const { watcher, node, nodes } = await pair();
    let draining = false;
    let asked = 0;
    const announcement = node.announce(() => verifier("a", { draining }), {
      onDrain: () => {
        asked++;
        draining = true;
        announcement.update();
      },
    });
    await until(() => nodes.nodes.length === 1);
    await watcher.drain("a");
    await watcher.drain("a");
    await until(() => nodes.endpoints[0]?.draining === true);
    expect(asked).toBe(1);
    for (const id of ["nobody", "no id"]) {
      await expect(watcher.drain(id)).rejects.toMatchObject({ code: "NO_SUCH_NODE" });
    }
  });

  it("are listed as NATS services, with what they have loaded now", async () => {
    const { node } = await pair();
    let target = "t1";
    const announcement = node.announce(() => verifier("a", { target }), { onDrain });
    const tool = await connect({ servers: nats.url });
    const targets = async () => {
      const found: string[] = [];
      try {
        for await (const info of await tool.services.client().info("nightbeam-verifier")) {
          found.push(`${info.metadata?.id} ${info.metadata?.target} ${info.version}`);
        }
      } catch (error) {
        // There is no service at all.
        if (!(error instanceof NatsError && error.code === "503")) throw error;
      }
      return found;
    };
    try {
      await until(async () => (await targets()).includes("a t1 0.1.0"));
      target = "t2";
      announcement.update();
      await until(async () => (await targets()).join() === "a t2 0.1.0");
      for await (const { name } of await tool.services.client().ping()) {
        expect(name).toBe("nightbeam-verifier");
      }
      await announcement.stop();
      await until(async () => (await targets()).length === 0);
    } finally {
      await tool.close();
    }
  });

  it("that send malformed heartbeats are ignored, and logged once each", async () => {
    const { nodes, log } = await pair();
    const rogue = await connect({ servers: nats.url });
    const say = (id: string, text: string) => rogue.publish(`nightbeam.nodes.verifier.${id}`, text);
    try {
      for (const text of ["no json", "{}", '"gone"', JSON.stringify(verifier("other"))]) {
        say("rogue", text);
      }
      const { address, ...homeless } = verifier("homeless");
      say("homeless", JSON.stringify(homeless));
      say("good", JSON.stringify({ ...verifier("good"), later: "fields are no fault" }));
      await until(() => nodes.nodes.length === 1);
      expect(nodes.nodes).toEqual([verifier("good")]);
      const blamed = log.lines.filter(({ message }) => message.startsWith("ignored a heartbeat"));
      expect(blamed.map(({ fields }) => fields)).toEqual([
        { role: "verifier", id: "rogue", problem: "it is not JSON" },
        { role: "verifier", id: "homeless", problem: "address: a verifier needs an address" },
      ]);
    } finally {
      await rogue.close();
    }
  });

  it("that cannot be announced are refused with the reason", async () => {
    const control = await open(nats.url);
    const announce = (more: object) => () =>
      control.announce(() => ({ ...verifier("a"), ...more }), { onDrain });
    const refused = (problem: string) =>
      expect.objectContaining({ code: "BAD_NODE", message: expect.stringContaining(problem) });
    expect(announce({ id: "a.b" })).toThrow(refused("id: use letters"));
    expect(announce({ address: "here" })).toThrow(refused("address: write host:port"));
    expect(announce({ version: "one" })).toThrow(refused("version:"));
    expect(announce({ waitingTokens: Number.NaN })).toThrow(refused("waitingTokens:"));
  });
});

it("a heartbeat may name programs of later versions, which are left out", () => {
  const sent = { ...verifier("gpu1"), programs: [{ program: "beam-search" }, { program: "new" }] };
  const read = readNodeMessage(JSON.stringify(sent), { role: "verifier", id: "gpu1" });
  expect(read).toMatchObject({ message: { programs: [{ program: "beam-search" }] } });
});

import { describeWithNats, type NatsServer, startNatsServer } from "@nightbeam/testing/servers";
import { connect, headers, type Msg, type NatsConnection } from "nats";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { listLog, settled, until, useControls, verifier } from "./support/controls.js";

const clusterKey = "a-key-of-the-whole-cluster";

describeWithNats("nodes that sign", () => {
  const open = useControls();
  let nats: NatsServer;
  let stranger: NatsConnection;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  beforeEach(async () => {
    stranger = await connect({ servers: nats.url });
  });
  afterEach(() => stranger.close());
  afterAll(() => nats.stop());

  it("are listed by those with the key; others' heartbeats are ignored, and logged once", async () => {
    const log = listLog();
    const watcher = await open(nats.url, { clusterKey, log });
    const nodes = watcher.watchNodes("verifier");
    await until(() => watcher.connected);
    const heard: Msg[] = [];
    stranger.subscribe("nightbeam.nodes.>", {
      callback: (_, message) => {
        heard.push(message);
      },
    });
    await stranger.flush();
    const wrong = await open(nats.url, { clusterKey: "a-key-of-another-cluster" });
    wrong.announce(() => verifier("wrong"), { onDrain: () => {} });
    const node = await open(nats.url, { clusterKey });
    const announcement = node.announce(() => verifier("good"), { onDrain: () => {} });
    for (let again = 0; again < 3; again++)
      stranger.publish("nightbeam.nodes.verifier.bare", JSON.stringify(verifier("bare")));
    await until(
      () => nodes.nodes.length > 0 && heard.some(({ subject }) => subject.endsWith("bare")),
    );
    await announcement.stop();
    await until(() => nodes.nodes.length === 0);
    // A recorded heartbeat does not bring the node back, nor does it end a node of another name.
    const recorded = heard.find(({ subject }) => subject.endsWith("good"));
    for (const id of ["good", "other"]) {
      const sent = recorded?.headers ?? headers();
      stranger.publish(`nightbeam.nodes.verifier.${id}`, recorded?.data, { headers: sent });
    }
    await stranger.flush();
    await settled(watcher);
    expect(nodes.nodes).toEqual([]);
    const ignored = log.lines.filter(({ message }) => message === "ignored a heartbeat");
    expect(Object.fromEntries(ignored.map(({ fields }) => Object.values(fields).slice(1)))).toEqual(
      {
        wrong: "it is signed with another key",
        bare: "it is not signed",
        good: "it is repeated",
        other: "it is signed with another key",
      },
    );
    expect(ignored).toHaveLength(4);
  });

  it("drain for those with the key only", async () => {
    const log = listLog();
    const node = await open(nats.url, { clusterKey, log });
    let drains = 0;
    node.announce(() => verifier("v1"), { onDrain: () => drains++ });
    const others = [await open(nats.url), await open(nats.url, { clusterKey: "a-key-of-another" })];
    const friend = await open(nats.url, { clusterKey });
    await until(() => [node, friend, ...others].every(({ connected }) => connected));
    await settled(node);
    for (const other of others) {
      await expect(other.drain("v1")).rejects.toMatchObject({
        code: "DRAIN_REFUSED",
        message: expect.stringContaining("NIGHTBEAM_CLUSTER_KEY"),
      });
    }
    expect(drains).toBe(0);
    expect(
      log.lines.filter(({ message }) => message === "ignored a request to drain"),
    ).toHaveLength(1);
    await friend.drain("v1");
    expect(drains).toBe(1);
  });
});

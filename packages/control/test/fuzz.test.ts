import { Buffer } from "node:buffer";
import { FakeTime } from "@nightbeam/testing";
import { describeWithNats, type NatsServer, startNatsServer } from "@nightbeam/testing/servers";
import fc from "fast-check";
import { connect, headers, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endpointsOf } from "../src/nodes/endpoint.js";
import { SIGNATURE_HEADER } from "../src/nodes/signatures.js";
import { problemOfStatus, readNodeMessage } from "../src/nodes/status.js";
import { listLog, settled, until, useControls, verifier } from "./support/controls.js";

/** NIGHTBEAM_FUZZ=20 tries twenty times as many. */
const RUNS = 200 * Number(process.env.NIGHTBEAM_FUZZ ?? 1);

const sender = { role: "verifier", id: "v1" } as const;
const odd = fc.oneof(
  fc.anything({ withNullPrototype: true }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "1.2.3\u001b[31m",
    "\u001bc",
    "__proto__",
    "x".repeat(20_000),
    -1,
    1e308,
    "1:2:3",
  ),
);
/** A status with some fields replaced, removed or added. */
const status = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom(...Object.keys(verifier("v1")), "cost", "programs", "constructor"),
      odd,
    ),
    fc.subarray(Object.keys(verifier("v1")), { maxLength: 1 }),
  )
  .map(([replaced, removed]) => {
    const all: Record<string, unknown> = { ...verifier("v1"), ...replaced };
    for (const key of removed) delete all[key];
    return all;
  });
const text = fc.oneof(
  status.map((value) =>
    JSON.stringify(value, (_, one) => (typeof one === "bigint" ? String(one) : one)),
  ),
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.constantFrom(
    '{"gone":true}',
    '{"gone":false}',
    "",
    "null",
    "[".repeat(9_000),
    '{"waitingTokens":1e999}',
  ),
);

describe("a heartbeat", () => {
  it("of any text is a valid status or a problem", () => {
    fc.assert(
      fc.property(text, (sent) => {
        const read = readNodeMessage(sent, sender);
        if ("problem" in read) {
          expect(read.problem.length).toBeLessThan(500);
          return;
        }
        if ("gone" in read.message) return;
        expect(problemOfStatus(read.message)).toBeUndefined();
        // What is printed has no character that means something to a terminal.
        expect(JSON.stringify(endpointsOf([read.message]))).not.toMatch(/\\u00[01]|\\u007f|[^ -~]/);
        expect(read.message.version).toMatch(/^[-+.\w]+$/);
      }),
      { numRuns: RUNS },
    );
  });
});

describeWithNats("NATS messages of strangers", () => {
  const open = useControls();
  let nats: NatsServer;
  let stranger: NatsConnection;
  beforeAll(async () => {
    nats = await startNatsServer();
    stranger = await connect({ servers: nats.url });
  });
  afterAll(async () => {
    await stranger.close();
    await nats.stop();
  });

  it("on any subject change no list of those with a key, drain nobody, and end nothing", async () => {
    const clusterKey = "a-key-of-the-whole-cluster";
    const log = listLog();
    const watcher = await open(nats.url, { clusterKey, log });
    const node = await open(nats.url, { clusterKey, log });
    const lists = [watcher.watchNodes("verifier"), watcher.watchNodes("drafter")];
    const rollouts: string[] = [];
    watcher.rollouts.watch((name) => rollouts.push(name));
    let drains = 0;
    await until(() => watcher.connected && node.connected);
    node.announce(() => verifier("good"), { onDrain: () => drains++ });
    await until(() => lists[0]?.nodes.length === 1);
    const word = fc.stringMatching(/^[!-)+-\-/-=?-~]{1,20}$/);
    const subject = fc.oneof(
      fc.constantFrom("nightbeam.nodes.verifier.good", "nightbeam.control.drain.good"),
      fc
        .constantFrom("nightbeam.nodes.drafter.", "nightbeam.nodes.verifier.")
        .chain((start) => word.map((end) => start + end)),
      fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => `nightbeam.${words.join(".")}`),
    );
    const signature = fc.option(fc.stringMatching(/^\d{1,16} [-\w]{43}$/), { nil: undefined });
    for (const [to, sent, signed] of fc.sample(fc.tuple(subject, text, signature), RUNS)) {
      const more = headers();
      if (signed !== undefined) more.set(SIGNATURE_HEADER, signed);
      stranger.publish(to, Buffer.from(sent), { headers: more });
    }
    await stranger.flush();
    // What the server has delivered to the watcher by now comes before its answer to this.
    await expect(watcher.drain("nobody")).rejects.toMatchObject({ code: "NO_SUCH_NODE" });
    expect(lists.map(({ nodes }) => nodes.map(({ id }) => id))).toEqual([["good"], []]);
    expect([drains, rollouts]).toEqual([0, []]);
    expect(log.lines.filter(({ level }) => level === "warn").length).toBeLessThan(250);
  });

  it("in a flood fill a bounded table and are forgotten, while the process answers", async () => {
    const clock = new FakeTime();
    const watcher = await open(nats.url, { clock });
    const nodes = watcher.watchNodes("verifier");
    let notified = 0;
    nodes.onChange(() => notified++);
    await until(() => watcher.connected);
    await settled(watcher);
    const count = 7_000;
    for (let at = 0; at < count; at++) {
      stranger.publish(`nightbeam.nodes.verifier.f${at}`, JSON.stringify(verifier(`f${at}`)));
    }
    stranger.publish("nightbeam.nodes.verifier.f0", '{"gone":true}');
    await stranger.flush();
    await until(() => nodes.nodes.length === 4_999, 60_000);
    // Once for all that arrived together, not once for each.
    expect(notified).toBeLessThan(count / 10);
    await clock.advance(10_000);
    expect(nodes.nodes).toEqual([]);
  });
});

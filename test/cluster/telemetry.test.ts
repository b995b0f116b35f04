import { execFileSync } from "node:child_process";
import { readManifest } from "@nightbeam/run";
import { metricsOf, type ServiceName } from "@nightbeam/telemetry";
import {
  type ReceivedSpan,
  startTraceReceiver,
  type TraceReceiver,
} from "@nightbeam/testing/traces";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeNight, type Night } from "../faults/support/night.js";
import { prometheusIsHere } from "../monitoring/support/prometheus.js";
import { TestCluster } from "./support/cluster.js";
import type { ClusterNode } from "./support/node.js";
import { problemOf, type Sample, scrape, total } from "./support/scrape.js";
import { describeClusters } from "./support/servers.js";

/** Only runs that are late, nights that were compared and trouble have these; see the tests of their packages. */
const NOT_IN_A_GOOD_RUN = new Set([
  "nightbeam.run.remaining",
  "nightbeam.run.lateness",
  "nightbeam.run.cost",
  "nightbeam.run.users",
  "nightbeam.run.shards",
  "nightbeam.night.users",
  "nightbeam.night.rejected",
  "nightbeam.night.calls_per_user",
  "nightbeam.night.overlap",
  "nightbeam.night.same_first",
  "nightbeam.nights.started",
]);

/** The name of the parent of each span. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  "POST /v1/runs": [""],
  run: ["POST /v1/runs"],
  "plan run": ["run"],
  shard: ["run"],
  decode: ["shard"],
  batch: ["decode"],
  draft: ["batch"],
  // An audit asks again when the batch may have ended.
  verify: ["batch"],
  "answer call": ["verify"],
  "verifier batch": ["answer call"],
  "model pass": ["verifier batch"],
  "write lists": ["decode"],
  "commit shard": ["shard"],
};

describeClusters("telemetry of a cluster", () => {
  let night: Night;
  let cluster: TestCluster;
  let receiver: TraceReceiver;
  let stats: Readonly<Record<string, number>>;
  let rows = 0;

  beforeAll(async () => {
    night = await makeNight({ users: 240 });
    receiver = await startTraceReceiver();
    const { target, catalogue } = night.world;
    cluster = await TestCluster.start({
      ...{ target, catalogue, verifiers: 1, drafters: 2, metrics: true },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_RESOURCE_ATTRIBUTES: "zone=a" },
    });
    const out = cluster.out("night");
    const { run } = await cluster.submit({ ...night.request, out, sampleSearches: 0 });
    const ended = await cluster.until(run.id);
    expect(ended.state, cluster.logs()).toBe("complete");
    const manifest = await readManifest(out);
    ({ stats } = manifest);
    rows = manifest.parts.reduce((sum, { rowCount }) => sum + rowCount, 0);
  }, 300_000);

  afterAll(async () => {
    await cluster?.stop().catch(() => undefined);
    await receiver?.close();
    await night?.remove();
  });

  async function samplesOf(nodes: readonly ClusterNode[]): Promise<readonly Sample[]> {
    const all: Sample[] = [];
    for (const node of nodes) all.push(...(await scrape(metricsUrl(node))).samples);
    return all;
  }

  it("exports every metric of the table, and nothing else", async () => {
    const services: [ServiceName, readonly ClusterNode[]][] = [
      ["scheduler", [cluster.scheduler]],
      ["drafter", cluster.drafters],
      ["verifier", cluster.verifiers],
    ];
    for (const [service, nodes] of services) {
      const samples = await samplesOf(nodes);
      expect(samples.flatMap((sample) => problemOf(sample) ?? [])).toEqual([]);
      const seen = new Set(samples.map(({ metric }) => metric));
      const wanted = metricsOf(service).filter((name) => !NOT_IN_A_GOOD_RUN.has(name));
      expect(
        wanted.filter((name) => !seen.has(name)),
        service,
      ).toEqual([]);
      expect(
        [...seen].filter((name) => name !== undefined && !metricsOf(service).includes(name)),
      ).toEqual([]);
    }
  });

  it("counts what the manifest counts", async () => {
    const drafters = await samplesOf(cluster.drafters);
    const verifiers = await samplesOf(cluster.verifiers);
    expect({
      users: total(drafters, "nightbeam.drafter.users"),
      searches: total(drafters, "nightbeam.drafter.searches"),
      targetCalls: total(drafters, "nightbeam.drafter.calls"),
      nodes: total(drafters, "nightbeam.drafter.nodes"),
      tokens: total(drafters, "nightbeam.drafter.tokens"),
      acceptedSteps: total(drafters, "nightbeam.drafter.accepted_levels"),
      verifyCalls: total(drafters, "nightbeam.drafter.verify.calls"),
      requestBytes: total(drafters, "nightbeam.drafter.verify.io", { direction: "sent" }),
    }).toEqual({
      ...{ users: rows, searches: stats.searches, targetCalls: stats.targetCalls },
      ...{ nodes: stats.nodes, tokens: stats.tokens, acceptedSteps: stats.acceptedSteps },
      ...{ verifyCalls: stats.verifyCalls, requestBytes: stats.requestBytes },
    });
    // An answer is lost with a connection, and the call is made again.
    const retries = total(drafters, "nightbeam.drafter.verify.retries");
    const answered = total(verifiers, "nightbeam.verifier.calls", { result: "answered" });
    expect(answered).toBeGreaterThanOrEqual(stats.verifyCalls ?? 0);
    expect(answered).toBeLessThanOrEqual((stats.verifyCalls ?? 0) + retries);
    const hits = total(drafters, "nightbeam.drafter.draft.hits");
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThanOrEqual(
      total(drafters, "nightbeam.drafter.nodes", { asked: "drafted" }),
    );
    expect(total(drafters, "nightbeam.drafter.shards", { outcome: "committed" })).toBe(8);
    const scheduler = await samplesOf([cluster.scheduler]);
    expect(total(scheduler, "nightbeam.queue.shards")).toBe(0);
    expect(total(scheduler, "nightbeam.runs", { state: "complete" })).toBe(1);
    expect(total(scheduler, "nightbeam.nodes")).toBe(3);
  });

  it.skipIf(!prometheusIsHere())("passes promtool's checks", async () => {
    for (const node of cluster.nodes) {
      const { text: input } = await scrape(metricsUrl(node));
      expect(execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8" })).toBe("");
    }
  });

  it("traces the run from its submission to the passes of the model", async () => {
    const retries = total(await samplesOf(cluster.drafters), "nightbeam.drafter.verify.retries");
    // Sends what is left.
    await cluster.stop();
    const spans = receiver.spans;
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const parentOf = ({ parentSpanId }: ReceivedSpan) =>
      parentSpanId === "" ? "" : (byId.get(parentSpanId)?.name ?? "a lost span");
    for (const span of spans) expect(PARENTS[span.name], span.name).toContain(parentOf(span));
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(Object.keys(PARENTS)));
    const count = (name: string) => spans.filter((span) => span.name === name).length;
    expect(count("shard")).toBe(8);
    expect(count("verify")).toBe((stats.verifyCalls ?? 0) + retries);
    const passes = spans.filter(({ name }) => name === "model pass");
    const answered = passes.flatMap(({ links, attributes }) => {
      expect(attributes.get("nightbeam.calls")).toBe(1 + links.length);
      return links;
    });
    for (const link of answered) expect(byId.get(link)?.name).toBe("answer call");
    expect(passes[0]?.service).toBe("nightbeam-verifier");
    expect(passes[0]?.resource.get("zone")).toBe("a");
  });
});

function metricsUrl(node: ClusterNode): string {
  return /http:\/\/[^"]+\/metrics/.exec(node.output)?.[0] ?? "";
}

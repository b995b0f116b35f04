import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { SERVICES } from "../src/metrics/definition.js";
import { withMetricTables } from "../src/metrics/markdown.js";
import type { Recorded } from "../src/metrics/metrics.js";
import { openMetrics } from "../src/metrics/open-metrics.js";
import { openRelay } from "../src/metrics/relay.js";
import { definitionOf, METRICS, metricsOf, prometheusName } from "../src/metrics/table.js";

it("has a table in docs/guides/metrics.md as the code has it", async () => {
  const page = await readFile(new URL("../../../docs/guides/metrics.md", import.meta.url), "utf8");
  expect(withMetricTables(page), "build, then run node scripts/metrics.mjs").toBe(page);
});

it("has names and labels that Prometheus takes, each once", () => {
  const names = SERVICES.flatMap((service) => metricsOf(service));
  expect(new Set(names)).toEqual(new Set(Object.keys(METRICS)));
  const series = [...new Set(names)].map(prometheusName);
  expect(new Set(series).size).toBe(series.length);
  for (const name of names) {
    expect(prometheusName(name)).toMatch(/^[a-z][a-z0-9_]*$/);
    const { labels = {}, kind, buckets } = definitionOf(name);
    for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z][a-z_]*$/);
    expect(buckets !== undefined, name).toBe(kind === "histogram");
  }
});

it("renders what was counted and observed, with zeros for what has not happened", async () => {
  const { metrics, render, close } = await openMetrics({ service: "drafter", version: "1.2.3" });
  metrics.add("nightbeam.drafter.users", 3);
  metrics.add("nightbeam.drafter.users", 4);
  metrics.record("nightbeam.drafter.batch.users", 20);
  // Of another service.
  metrics.add("nightbeam.verifier.users", 5);
  let shards: number | undefined = 2;
  metrics.observe(async (set) => {
    if (shards !== undefined) set("nightbeam.drafter.shards.active", shards);
  });
  metrics.observe(() => {
    throw new Error("Redis is away");
  });
  const lines = (await render()).split("\n");
  expect(lines).toContain('nightbeam_build_info{service="drafter",version="1.2.3"} 1');
  expect(lines).toContain("nightbeam_drafter_users_total 7");
  expect(lines).toContain('nightbeam_drafter_shards_total{outcome="failed"} 0');
  expect(lines).toContain('nightbeam_drafter_batch_users_bucket{le="16"} 0');
  expect(lines).toContain('nightbeam_drafter_batch_users_bucket{le="32"} 1');
  expect(lines).toContain("nightbeam_drafter_shards_active 2");
  expect(lines.join()).not.toContain("nightbeam_verifier");
  shards = undefined;
  expect(await render()).not.toContain("nightbeam_drafter_shards_active 2");
  await close();
});

it("counts what another thread has recorded", async () => {
  const { metrics, render, close } = await openMetrics({ service: "drafter", version: "0" });
  const sent: Recorded[] = [];
  const relay = openRelay({ send: (recorded) => sent.push(structuredClone(recorded)), everyMs: 1 });
  relay.add("nightbeam.drafter.nodes", 5, { asked: "drafted", draft: "checkpoint" });
  relay.record("nightbeam.drafter.batch.users", 3);
  expect(sent).toEqual([]);
  relay.flush();
  relay.add("nightbeam.drafter.nodes", 1, { asked: "drafted", draft: "checkpoint" });
  await expect.poll(() => sent.length).toBe(2);
  for (const recorded of sent) metrics.replay(recorded);
  const text = await render();
  expect(text).toContain('nightbeam_drafter_nodes_total{asked="drafted",draft="checkpoint"} 6');
  expect(text).toContain("nightbeam_drafter_batch_users_count 1");
  await close();
});

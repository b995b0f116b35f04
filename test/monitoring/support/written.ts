import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

const path = (name: string) => fileURLToPath(new URL(`../../../infra/${name}`, import.meta.url));

/** A query, and the panel or the alert that has it. */
export interface Query {
  readonly title: string;
  readonly expr: string;
}

export const rulesFile = path("prometheus/rules.yml");

const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

/** The alerts of infra/prometheus/rules.yml. */
export function writtenAlerts(): readonly Query[] {
  const { groups } = rulesSchema.parse(parse(readFileSync(rulesFile, "utf8")));
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ title: alert, expr })));
}

const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});

/** The queries of infra/grafana/nightbeam.json. */
export function writtenQueries(): readonly Query[] {
  const text = readFileSync(path("grafana/nightbeam.json"), "utf8");
  const { panels } = dashboardSchema.parse(JSON.parse(text));
  return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
}

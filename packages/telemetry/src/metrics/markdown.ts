import { markdownTable } from "@nightbeam/service/terminal";
import { type MetricDefinition, SERVICES } from "./definition.js";
import { definitionOf, type MetricName, metricsOf, prometheusName } from "./table.js";

const START = "<!-- from here on written by scripts/metrics.mjs -->";

/** Replaces the tables of docs/guides/metrics.md; the text before them stays. */
export function withMetricTables(page: string): string {
  const prose = page.split(START, 1)[0] ?? "";
  const everywhere = metricsOf("scheduler").filter(
    (name) => definitionOf(name).services.length === SERVICES.length,
  );
  const sections = [
    `## Every service\n\n${tableOf(everywhere)}\n`,
    ...SERVICES.map((service) => {
      const own = metricsOf(service).filter((name) => !everywhere.includes(name));
      return `## nightbeam ${service}\n\n${tableOf(own)}\n`;
    }),
  ];
  return `${prose.trimEnd()}\n\n${START}\n\n${sections.join("\n")}`;
}

function tableOf(names: readonly MetricName[]): string {
  const rows = names.map((name) => {
    const { kind, unit, description, labels = {} } = definitionOf(name);
    const plainKind = kind === "observable-counter" ? "counter" : kind;
    return [
      `\`${prometheusName(name)}\``,
      plainKind,
      unit === "" ? "" : `\`${unit}\``,
      description,
      labelsText(labels),
    ];
  });
  return markdownTable(["in Prometheus", "kind", "unit", "meaning", "labels"], rows).join("\n");
}

function labelsText(labels: NonNullable<MetricDefinition["labels"]>): string {
  return Object.entries(labels)
    .map(([label, values]) => {
      const text = "few" in values ? values.few : values.map((value) => `\`${value}\``).join(", ");
      return `\`${label}\`: ${text}`;
    })
    .join("; ");
}

// Writes the tables of docs/guides/metrics.md from the table of metrics.
import { readFileSync, writeFileSync } from "node:fs";
import { withMetricTables } from "../packages/telemetry/dist/metrics/markdown.js";

const page = new URL("../docs/guides/metrics.md", import.meta.url);
writeFileSync(page, withMetricTables(readFileSync(page, "utf8")));

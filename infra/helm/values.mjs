// Writes what the chart's values and the commands' options say twice: node infra/helm/values.mjs
//
// - values.schema.json: the names that `options` may have, which are the flags that the chart does not set itself;
// - docs/guides/kubernetes.md: the table of all values, from the schema and the defaults.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { parse } from "yaml";
import { markdownTable } from "../../packages/service/dist/terminal/index.js";
import { allVariables } from "../../services/cli/dist/environment/environment.js";

const chart = new URL("nightbeam/", import.meta.url);
const schemaFile = new URL("values.schema.json", chart);
const guide = new URL("../../docs/guides/kubernetes.md", import.meta.url);
const START = "<!-- from here on written by infra/helm/values.mjs -->";

const text = (url) => readFileSync(url, "utf8");

/** Variables that the chart sets, but for the number of threads, which it sets unless it is an option. */
export function setByTemplates() {
  const folder = new URL("templates/", chart);
  const names = readdirSync(folder).flatMap((file) => [
    ...text(new URL(file, folder)).matchAll(/\bNIGHTBEAM_[A-Z_]*[A-Z]\b/g),
  ]);
  return new Set(names.map(([name]) => name).filter((name) => name !== "NIGHTBEAM_WORKERS"));
}

/** Flags that name a file which the chart does not mount. */
const UNMOUNTED = new Set(["NIGHTBEAM_NATS_NKEY"]);

/** The names that the `options` of each service may have. Secrets are not among them. */
export async function optionNames() {
  const fixed = setByTemplates();
  const entries = (await allVariables()).map(({ command, variables }) => {
    const names = new Set(variables.map(({ name }) => name));
    const free = [...names].filter(
      (name) =>
        !fixed.has(name) &&
        !UNMOUNTED.has(name) &&
        !/_FILE$/.test(name) &&
        !names.has(`${name}_FILE`),
    );
    return [command, free.map(optionName).sort()];
  });
  return Object.fromEntries(entries);
}

/** NIGHTBEAM_MAX_FAILURES: maxFailures */
function optionName(variable) {
  const words = variable.replace("NIGHTBEAM_", "").toLowerCase().split("_");
  const rest = words.slice(1).map((word) => `${word[0].toUpperCase()}${word.slice(1)}`);
  return `${words[0]}${rest.join("")}`;
}

/** The schema with the names of the options as they are. */
export async function freshSchema() {
  const schema = JSON.parse(text(schemaFile));
  const names = await optionNames();
  const { scheduler, drafters } = schema.properties;
  for (const [service, owner] of [
    ["scheduler", scheduler],
    ["drafter", drafters],
    ["verifier", schema.definitions.verifier],
  ]) {
    owner.properties.options.propertyNames = { enum: names[service] };
  }
  return schema;
}

/** A schema, with what it refers to. */
function resolved(schema, root) {
  const { $ref } = schema;
  return $ref === undefined ? schema : root.definitions[$ref.split("/").at(-1)];
}

/** Path, default and meaning of every value, in the order of the schema. */
export function allValues(root, defaults, own = root, path = []) {
  return Object.entries(resolved(own, root).properties ?? {}).flatMap(([name, one]) => {
    const schema = resolved(one, root);
    const here = [...path, name];
    const value = defaults?.[name];
    const inner =
      schema.properties === undefined || name === "resources"
        ? []
        : allValues(root, value, schema, here);
    return [
      { path: here.join("."), value, meaning: schema.description, isGroup: inner.length > 0 },
      ...inner,
    ];
  });
}

function tables(root, defaults) {
  const shown = allValues(root, defaults).filter(({ path }) => path !== "global");
  const rows = shown.map(({ path, value, meaning, isGroup }) => [
    `\`${path}\``,
    isGroup || path === "verifiers" ? "" : `\`${JSON.stringify(value)}\``,
    meaning,
  ]);
  return markdownTable(["value", "default", "meaning"], rows).join("\n");
}

export const defaults = () => parse(text(new URL("values.yaml", chart)));

/** The guide with the table of the values as they are. */
export function freshGuide(schema) {
  const prose = text(guide).split(START, 1)[0] ?? "";
  return `${prose.trimEnd()}\n\n${START}\n\n${tables(schema, defaults())}\n`;
}

/** Values without a default, and defaults that are not in the schema. */
export function undocumented(schema) {
  const known = allValues(schema, defaults());
  const without = known.filter(({ path, value }) => value === undefined && path !== "global");
  const paths = new Set(known.map(({ path }) => path));
  return [
    ...without.map(({ path }) => `values.yaml lacks ${path}, which values.schema.json has`),
    ...leaves(defaults(), schema, paths),
  ];
}

function leaves(values, schema, paths, at = []) {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = [...at, name].join(".");
    if (!paths.has(path)) return [`values.schema.json lacks ${path}, which values.yaml has`];
    const hasInner = [...paths].some((one) => one.startsWith(`${path}.`));
    return hasInner ? leaves(value, schema, paths, [...at, name]) : [];
  });
}

/** What is out of date, one line each. */
export async function outdated() {
  const schema = await freshSchema();
  const problems = undocumented(schema);
  const remedy = "build, then run node infra/helm/values.mjs";
  if (JSON.stringify(schema) !== JSON.stringify(JSON.parse(text(schemaFile))))
    problems.push(`values.schema.json has other options than the commands: ${remedy}`);
  if (freshGuide(schema) !== text(guide))
    problems.push(`docs/guides/kubernetes.md has other values than the chart: ${remedy}`);
  return problems;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const schema = await freshSchema();
  writeFileSync(schemaFile, `${JSON.stringify(schema, undefined, 2)}\n`);
  writeFileSync(guide, freshGuide(schema));
}

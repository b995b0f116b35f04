import { markdownTable } from "@nightbeam/service/terminal";
import type { CommandVariables, Variable } from "./environment.js";

const START = "<!-- from here on written by scripts/environment.mjs -->";

/** Commands that call a scheduler and share its variables. */
const CLIENTS = ["submit", "status", "cancel", "runs", "nights", "rollout", "nodes"];
const SERVICES = ["scheduler", "drafter", "verifier", "serve"];

/** Replaces the tables of the page; the text before them stays. */
export function withTables(page: string, all: readonly CommandVariables[]): string {
  const prose = page.split(START, 1)[0] ?? "";
  return `${prose.trimEnd()}\n\n${START}\n\n${tables(all)}`;
}

function tables(all: readonly CommandVariables[]): string {
  const of = (names: readonly string[]) =>
    merge(all.filter(({ command }) => names.includes(command)));
  const others = all.map(({ command }) => command);
  const rest = others.filter((name) => ![...CLIENTS, ...SERVICES].includes(name));
  const sections: (readonly [title: string, variables: readonly Variable[]])[] = [
    ...SERVICES.map((name) => [`nightbeam ${name}`, of([name])] as const),
    [`${CLIENTS.slice(0, -1).join(", ")} and ${CLIENTS.at(-1)}`, of(CLIENTS)],
    ...rest.map((name) => [`nightbeam ${name}`, of([name])] as const),
  ];
  return sections
    .filter(([, variables]) => variables.length > 0)
    .map(([title, variables]) => `## ${title}\n\n${table(variables)}\n`)
    .join("\n");
}

function merge(commands: readonly CommandVariables[]): Variable[] {
  const named = commands.flatMap(({ variables }) =>
    variables.map((one) => [one.name, one] as const),
  );
  return [...new Map(named).values()];
}

function table(variables: readonly Variable[]): string {
  const rows = variables.map(({ name, flag, meaning }) => [`\`${name}\``, `\`${flag}\``, meaning]);
  return markdownTable(["variable", "flag", "meaning"], rows).join("\n");
}

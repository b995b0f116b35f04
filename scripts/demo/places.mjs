import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** All files of the demo are in here. */
const directory = join(root, ".nightbeam", "demo");

export const places = {
  directory,
  world: join(root, "demo", "world"),
  catalogue: join(root, "demo", "world", "items.index.json"),
  target: join(directory, "target"),
  draft: join(directory, "draft"),
  shop: join(directory, "shop"),
  lists: join(directory, "recommendations"),
  plainLists: join(directory, "plain"),
  cluster: join(directory, "cluster"),
  clusterLists: join(directory, "cluster-lists"),
};

/** A path as people type it in the clone. */
export const shown = (word) => (word.startsWith(`${root}/`) ? word.slice(root.length + 1) : word);

const command = join(root, "services", "cli", "bin", "nightbeam.js");

/** The arguments of Node that run `nightbeam`. */
export const nightbeamArguments = (args) => [command, ...args];

/** `npx nightbeam …`, as people type it. */
export const commandLine = (args) =>
  `$ npx nightbeam ${args.map(shown).join(" ").replaceAll(" --", " \\\n    --")}`;

// Writes the tables of docs/guides/environment.md from the options of the built commands.
import { readFileSync, writeFileSync } from "node:fs";
import { allVariables } from "../services/cli/dist/environment/environment.js";
import { withTables } from "../services/cli/dist/environment/markdown.js";

const page = new URL("../docs/guides/environment.md", import.meta.url);
writeFileSync(page, withTables(readFileSync(page, "utf8"), await allVariables()));

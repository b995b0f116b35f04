import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { GROUPS } from "../src/commands/registry.js";
import { allVariables } from "../src/environment/environment.js";
import { withTables } from "../src/environment/markdown.js";

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

describe("the registry of commands", () => {
  const commands = GROUPS.flatMap((group) => group.commands);

  it.each(commands)("describes $name as the command itself does", async (one) => {
    const command = await one.load();
    expect(command.name()).toBe(one.name);
    expect(command.description()).toBe(one.description);
  });
});

describe("environment variables", () => {
  it("are in docs/guides/environment.md as the commands have them", async () => {
    const page = await readFile(root("docs/guides/environment.md"), "utf8");
    const fresh = withTables(page, await allVariables());
    expect(fresh, "build, then run node scripts/environment.mjs").toBe(page);
  });

  it("are named alike for the same thing, and start with NIGHTBEAM_", async () => {
    for (const { variables } of await allVariables()) {
      for (const { name } of variables) expect(name).toMatch(/^NIGHTBEAM_[A-Z_]+$/);
    }
  });
});

describe("infra", () => {
  it("uses only variables, targets and settings that exist", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [root("infra/check.mjs")]);
    expect(stdout).toBe("infra is in order\n");
  });
});

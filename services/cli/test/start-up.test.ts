import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { explain } from "../src/errors.js";

const root = new URL("../../../", import.meta.url);

/** Packages that a module imports when it is loaded, by itself or through others of its folder. */
async function importsOf(module: URL, seen = new Set<string>()): Promise<Set<string>> {
  const packages = new Set<string>();
  if (seen.has(module.href)) return packages;
  seen.add(module.href);
  const text = await readFile(module, "utf8");
  for (const [, name = ""] of text.matchAll(/^(?:import|export) (?!type)[^;]*?from "([^"]+)"/gm)) {
    if (!name.startsWith(".")) packages.add(name);
    else {
      const source = new URL(name.replace(/\.js$/, ".ts"), module);
      for (const one of await importsOf(source, seen)) packages.add(one);
    }
  }
  return packages;
}

describe("the command", () => {
  it("loads what a subcommand needs only when it is used", async () => {
    const packages = await importsOf(new URL("../src/main.ts", import.meta.url));
    expect([...packages]).toEqual(["commander"]);
  });
});

describe("explain", () => {
  it("tells every package's errors by their message alone", async () => {
    const folders = await Promise.all(
      ["packages", "services"].map(async (folder) => {
        const names = await readdir(new URL(folder, root));
        return names.map((name) => `${folder}/${name}/src/errors.ts`);
      }),
    );
    const files = [...folders.flat(), "services/cli/src/cluster-client/errors.ts"];
    const sources = await Promise.all(
      files.map((file) => readFile(fileURLToPath(new URL(file, root)), "utf8").catch(() => "")),
    );
    const names = sources.flatMap((text) => text.match(/(?<=class )\w+(?= extends Error)/g) ?? []);
    expect(names).toContain("QueueError");
    for (const name of names) {
      const error = Object.assign(new Error("what it says"), { name, code: "A_CODE" });
      expect(explain(error), name).toBe("error: what it says");
    }
    expect(explain(Object.assign(new Error("x"), { name: "OtherError", code: "A" }))).toMatch(
      /^error: this should not have happened/,
    );
  });
});

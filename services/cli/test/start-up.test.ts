import { spawnSync } from "node:child_process";
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
    // The printing of `service` imports nothing else.
    expect([...packages].sort()).toEqual(["@nightbeam/service/terminal", "commander"]);
  });
});

describe("on an older Node", () => {
  const command = fileURLToPath(new URL("services/cli/bin/nightbeam.js", root));

  /** Runs the command under this Node, which says that it is `version`. */
  function runAs(version: string) {
    const versions = `{ value: { ...process.versions, node: "${version}" } }`;
    const disguise = `data:text/javascript,Object.defineProperty(process, "versions", ${versions})`;
    return spawnSync(process.execPath, ["--import", disguise, command, "--version"], {
      encoding: "utf8",
    });
  }

  it.each(["14.21.3", "18.20.8", "20.18.3"])("the command refuses %s with a message", (version) => {
    const { status, stdout, stderr } = runAs(version);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(
      `nightbeam needs Node 20.19 or newer; this is Node ${version}. Install`,
    );
  });

  it.each(["20.19.0", "22.0.0", "24.1.0"])("the command runs on %s", (version) => {
    expect(runAs(version)).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("explain", () => {
  it("prints only the message of every package's errors", async () => {
    const folders = await Promise.all(
      ["packages", "services"].map(async (folder) => {
        const names = await readdir(new URL(folder, root));
        // The client is for other programs: no command throws its errors.
        return names
          .filter((name) => name !== "client")
          .map((name) => `${folder}/${name}/src/errors.ts`);
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
      /^error: this is a bug/,
    );
  });
});

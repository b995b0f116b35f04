import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/check-structure.mjs", import.meta.url));

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "structure-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Two packages, `app -> core`, with nothing wrong. */
const SOUND: Record<string, string> = {
  "package.json": JSON.stringify({ workspaces: ["packages/*"] }),
  "docs/architecture.md": "# Arrows\n\n```dependencies\ncore ->\napp  -> core\n```\n",
  "packages/core/package.json": manifest("core", []),
  "packages/core/src/index.ts": `export { sum } from "./sum.js";\nexport type { Terms } from "./sum.js";\n`,
  "packages/core/src/sum.ts":
    "export interface Terms { readonly a: number }\nexport function sum(terms: Terms): number { return terms.a; }\n",
  "packages/app/package.json": manifest("app", ["core"]),
  "packages/app/src/index.ts": `import { sum } from "@nightbeam/core";\nimport { twice } from "./twice.js";\nsum({ a: twice(1) });\n`,
  "packages/app/src/twice.ts": "export const twice = (a: number): number => 2 * a;\n",
};

function manifest(name: string, dependencies: readonly string[]): string {
  return JSON.stringify({
    name: `@nightbeam/${name}`,
    private: true,
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    dependencies: Object.fromEntries(dependencies.map((one) => [`@nightbeam/${one}`, "0.1.0"])),
  });
}

function check(changed: Record<string, string> = {}, ...more: string[]) {
  for (const [file, text] of Object.entries({ ...SOUND, ...changed })) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root, ...more], {
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

it("passes a sound tree", () => {
  expect(check()).toEqual({ status: 0, output: expect.stringContaining("no problem") });
});

describe("arrows", () => {
  it("have to be drawn, for imports of types as for dependencies", () => {
    const { status, output } = check({
      "docs/architecture.md": "```dependencies\ncore ->\napp ->\n```\n",
      "packages/app/src/index.ts": `import type { Terms } from "@nightbeam/core";\nexport type T = Terms;\n`,
    });
    expect(status).toBe(1);
    expect(output).toContain(
      "packages/app/src/index.ts:1\n    app imports core, which is not drawn",
    );
    expect(output).toContain(
      "packages/app/package.json\n    app depends on core, which is not drawn",
    );
  });

  it("have to be used", () => {
    const { status, output } = check({ "packages/app/src/index.ts": "export {};\n" });
    expect(status).toBe(1);
    expect(output).toContain("app -> core is drawn, but no source file imports it");
  });

  it("need a dependency", () => {
    const { output } = check({ "packages/app/package.json": manifest("app", []) });
    expect(output).toContain("app imports core without a dependency");
  });

  it("name workspaces, all of them", () => {
    const { output } = check({
      "docs/architecture.md": "```dependencies\nold  ->\napp -> core\n```\n",
    });
    expect(output).toContain('"old" is drawn, but no workspace has this name');
    expect(output).toContain('workspace "core" is not drawn');
  });

  it("form no cycle", () => {
    const { output } = check({
      "docs/architecture.md": "```dependencies\ncore -> app\napp -> core\n```\n",
    });
    expect(output).toContain("the arrows form a cycle: app -> core -> app");
  });

  it("are printed as they are", () => {
    check();
    const { output } = check({}, "--draw");
    expect(output).toBe("```dependencies\ncore ->\napp  -> core\n```\n");
  });
});

describe("import cycles", () => {
  it.each([
    ["a value", `import { twice } from "./twice.js";\n`],
    ["a type", `import type { twice } from "./twice.js";\n`],
    ["a re-export", `export { twice } from "./twice.js";\n`],
    ["an import in a type", `export type T = import("./twice.js").T;\n`],
  ])("count %s", (_, line) => {
    const { status, output } = check({
      "packages/app/src/twice.ts": `import { half } from "./half.js";\nexport const twice = half;\nexport type T = 1;\n`,
      "packages/app/src/half.ts": `${line}export const half = 1;\n`,
    });
    expect(status).toBe(1);
    expect(output).toContain(
      "packages/app/src/half.ts -> packages/app/src/twice.ts -> packages/app/src/half.ts",
    );
  });

  it("do not count comments", () => {
    const { status } = check({
      "packages/app/src/twice.ts":
        '// import("./index.js")\n/* import x from "./index.js" */\nexport const twice = (a: number): number => 2 * a;\n',
    });
    expect(status).toBe(0);
  });
});

describe("test folders", () => {
  it("are not imported from other workspaces, nor from the root", () => {
    const { status, output } = check({
      "packages/core/test/kit.ts": "export const kit = 1;\n",
      "packages/app/test/app.test.ts": `import "../../core/test/kit.js";\n`,
      "test/all.test.ts": `new URL("../packages/core/test/kit.ts", import.meta.url);\n`,
    });
    expect(status).toBe(1);
    expect(output).toContain(
      "packages/app/test/app.test.ts:1\n    reaches into the test folder of @nightbeam/core",
    );
    expect(output).toContain("test/all.test.ts:1\n    reaches into");
  });

  it("may be read by their own workspace", () => {
    const { status } = check({
      "packages/core/test/kit.ts": "export const kit = 1;\n",
      "packages/core/test/core.test.ts": `import "./kit.js";\nimport { sum } from "../src/sum.js";\n`,
    });
    expect(status).toBe(0);
  });
});

describe("limits", () => {
  const word = ["most", "Rows"].join("");
  const flag = ["--most", "rows"].join("-");
  const list = "scripts/structure/hidden-aliases.json";

  it("are called max", () => {
    const { status, output } = check({
      "packages/app/src/twice.ts": `export const twice = (${word}: number): number => ${word};\n`,
      "docs/page.md": `almostDone\n\`${flag}\`\n`,
      "tool.py": `${["MOST", "ROWS"].join("_")} = 1\n`,
    });
    expect(status).toBe(1);
    expect(output).toContain(`packages/app/src/twice.ts:1\n    "${word}"`);
    expect(output).toContain(`docs/page.md:2\n    "${flag}"`);
    expect(output).toContain("tool.py:1");
  });

  it("may keep a published name that is listed, if it is still used", () => {
    const page = { "docs/page.md": `\`${flag}\`\n` };
    expect(check({ ...page, [list]: JSON.stringify([flag]) }).status).toBe(0);
    const { status, output } = check({ ...page, [list]: JSON.stringify([flag, word]) });
    expect(status).toBe(1);
    expect(output).toContain(`the alias "${word}" is not used`);
  });
});

describe("exports", () => {
  const index = `export { sum } from "./sum.js";\nexport type { Terms } from "./sum.js";\nexport * from "./extra.js";\n`;
  const withExtra = (text: string) =>
    check({ "packages/core/src/index.ts": index, "packages/core/src/extra.ts": text });

  it("need a use outside of the package", () => {
    const { status, output } = check({
      "packages/core/src/index.ts": index,
      "packages/core/src/extra.ts": "/** Adds. */\nexport const extra = 1;\n",
      "packages/core/test/extra.test.ts": `import { extra } from "@nightbeam/core";\nextra;\n`,
    });
    expect(status).toBe(1);
    expect(output).toContain(
      "packages/core/src/extra.ts\n    @nightbeam/core exports extra, which nothing",
    );
  });

  it("or a reason in the docstring", () => {
    expect(withExtra("/** @public to add more */\nexport const extra = 1;\n").status).toBe(0);
    const bare = withExtra("/**\n * Adds.\n *\n * @public\n */\nexport const extra = 1;\n");
    expect(bare.status).toBe(1);
    expect(bare.output).toContain("extra: @public without a reason");
  });

  it("or a place in the signature of what is used", () => {
    const unused = withExtra(
      "export interface Extra { a: Inner }\nexport interface Inner { b: 1 }\n",
    );
    expect(unused.output.match(/which nothing outside/g)).toHaveLength(2);
    const { status, output } = check({
      "packages/core/src/index.ts": index,
      "packages/core/src/extra.ts":
        "export interface Extra { a: Inner }\nexport interface Inner { b: 1 }\n",
      "packages/core/src/sum.ts":
        'import type { Extra } from "./extra.js";\nexport interface Terms { a: number }\nexport function sum(terms: Terms): Extra | undefined { return undefined; }\n',
    });
    expect([status, output]).toEqual([0, expect.any(String)]);
  });

  it("are not needed by what a body hides", () => {
    const { output } = check({
      "packages/core/src/index.ts": index,
      "packages/core/src/extra.ts": "export interface Extra { a: 1 }\n",
      "packages/core/src/sum.ts":
        'import type { Extra } from "./extra.js";\nexport interface Terms { a: number }\nexport function sum(terms: Terms): number { const e: Extra = { a: 1 }; return e.a + terms.a; }\n',
    });
    expect(output).toContain("exports Extra, which nothing");
  });
});

describe("what is published", () => {
  const published = (more: object) =>
    JSON.stringify({
      ...JSON.parse(manifest("core", [])),
      private: false,
      version: "0.1.0",
      description: "Sums.",
      keywords: ["sum"],
      files: ["dist", "!dist/**/*.map", "!dist/.tsbuildinfo"],
      publishConfig: { access: "public" },
      ...more,
    });

  it("says what it is and holds the license", () => {
    const files = { LICENSE: "the license", "packages/core/LICENSE": "the license" };
    const core = {
      "packages/core/README.md": "# Core",
      "packages/core/package.json": published({}),
    };
    expect(check({ ...files, ...core })).toMatchObject({ status: 0 });

    const { status, output } = check({
      ...core,
      ...files,
      "packages/core/LICENSE": "another",
      "packages/core/package.json": published({
        description: "",
        files: ["dist"],
        dependencies: { "@nightbeam/app": "*" },
      }),
    });
    expect(status).toBe(1);
    expect(output).toContain('has no "description"');
    expect(output).toContain('"files" lacks !dist/**/*.map, !dist/.tsbuildinfo');
    expect(output).toContain("depends on @nightbeam/app, which is private");
    expect(output).toContain("packages/core/LICENSE\n    is not the root's");
  });
});

// Installs packages that scripts/pack.mjs made into an empty project outside of the repository and uses
// them as a user would:
//     node scripts/try-packed.mjs PACKED [EXAMPLE [ARGUMENTS…]]
// Every entry point is imported and type-checked, the command says its version, and EXAMPLE (a .ts or .mjs
// file that imports the packages by name) is compiled and run. The example finds demo/ where it does here.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readWorkspaces } from "./lib/workspaces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [packed, example, ...exampleArguments] = process.argv.slice(2);
if (!packed) {
  console.error("usage: node scripts/try-packed.mjs PACKED [EXAMPLE [ARGUMENTS…]]");
  process.exit(1);
}
const packages = readdirSync(packed).filter((name) => name.endsWith(".tgz"));
const entries = readWorkspaces(root)
  .filter(({ manifest }) => !manifest.private)
  .flatMap((workspace) => [...workspace.entries.keys()]);

const project = mkdtempSync(join(tmpdir(), "nightbeam-packed-"));
try {
  write("package.json", JSON.stringify({ name: "try", private: true, type: "module" }));
  // As in this repository: onnxruntime-node's install script would download CUDA libraries.
  const quiet = [
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--loglevel=error",
  ];
  run("npm", ["install", ...quiet, ...packages.map((name) => resolve(packed, name))]);
  console.log(`installed ${packages.length} packages`);

  run("npx", ["--no-install", "nightbeam", "--version"]);

  write("all.mjs", `for (const name of ${JSON.stringify(entries)}) await import(name);\n`);
  run("node", ["all.mjs"]);
  console.log(`imported ${entries.length} entry points`);

  const used = entries.map(
    (name, number) => `import * as e${number} from "${name}";\nvoid e${number};\n`,
  );
  write("all.ts", used.join(""));
  typeCheck("all.ts", ["--noEmit"]);
  console.log(`type-checked ${entries.length} entry points`);

  if (example) runExample();
} finally {
  rmSync(project, { recursive: true });
}

function runExample() {
  const path = relative(root, resolve(example));
  const copy = path.startsWith("..") ? join("examples", basename(example)) : path;
  cpSync(example, join(project, copy), { recursive: true });
  symlinkSync(join(root, "demo"), join(project, "demo"));
  if (copy.endsWith(".ts")) typeCheck(copy, []);
  run("node", [copy.replace(/\.ts$/, ".js"), ...exampleArguments]);
  console.log(`ran ${example}`);
}

/** With this repository's TypeScript and Node types: a user has their own. */
function typeCheck(file, options) {
  const modules = join(root, "node_modules");
  run(process.execPath, [
    join(modules, "typescript", "bin", "tsc"),
    ...["--target", "es2023", "--module", "nodenext", "--strict", "--skipLibCheck"],
    ...["--typeRoots", join(modules, "@types"), "--types", "node", ...options, file],
  ]);
}

function write(name, text) {
  writeFileSync(join(project, name), text);
}

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: project,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status === 0) return;
  rmSync(project, { recursive: true });
  console.error(`"${command} ${args.join(" ")}" failed in ${project}`);
  process.exit(1);
}

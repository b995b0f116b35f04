// Builds and packs every workspace that is published, and checks what is in the packages:
//     node scripts/pack.mjs OUT
// scripts/try-packed.mjs then installs them into an empty project.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readWorkspaces } from "./lib/workspaces.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node scripts/pack.mjs OUT");
  process.exit(1);
}
mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) if (/^nightbeam-.*\.tgz$/.test(name)) rmSync(join(out, name));
const published = readWorkspaces(root).filter(({ manifest }) => !manifest.private);

run("npm", ["run", "build"]);
let failed = false;
for (const workspace of published) {
  removeStale(workspace.directory);
  const { filename, files, size } = pack(workspace.name);
  const problems = problemsOf(
    workspace,
    files.map(({ path }) => path),
  );
  console.log(`${filename}: ${files.length} files, ${Math.round(size / 1024)} KiB`);
  for (const problem of problems) console.error(`  ${problem}`);
  failed ||= problems.length > 0;
}
if (failed) {
  console.error("\nThese packages are not fit to be published; the lines above say why.");
  process.exitCode = 1;
}

function pack(name) {
  const packed = run("npm", [
    "pack",
    "--json",
    "--pack-destination",
    resolve(out),
    "--workspace",
    name,
  ]);
  // An array, or since npm 11.5 an object with a key per package.
  const [first] = Object.values(JSON.parse(packed));
  return first;
}

/** `tsc -b` leaves what it built from sources that are gone. */
function removeStale(directory) {
  for (const file of filesBelow(join(directory, "dist"))) {
    const name = relative(join(directory, "dist"), file);
    // Made by a bundler, see packages/page/bundle.mjs.
    if (name === ".tsbuildinfo" || name.startsWith("assets/")) continue;
    const source = join(directory, "src", name.replace(/(\.d\.ts|\.js)(\.map)?$/, ""));
    if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(file);
  }
}

/** What is wrong with the files of a package. */
function problemsOf({ directory, manifest }, files) {
  const { bin = {}, exports = {} } = manifest;
  const programs = Object.values(bin).map(plain);
  const targets = Object.values(exports)
    .flatMap((target) => Object.values(target))
    .map(plain);
  const hasProto = manifest.files.includes("proto");
  const isExpected = (file) =>
    ["package.json", "README.md", "LICENSE", ...programs].includes(file) ||
    /^dist\/.*\.(js|d\.ts)$/.test(file) ||
    /^dist\/assets\/\w+\.css$/.test(file) ||
    (hasProto && /^proto\/.*\.proto$/.test(file));
  const needed = ["package.json", "README.md", "LICENSE", ...programs, ...targets];
  return [
    ...files
      .filter((file) => !isExpected(file))
      .map((file) => `${file} does not belong in a package`),
    ...needed.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => file.endsWith(".js")).flatMap((file) => pathsOutOf(directory, file)),
  ];
}

/** Paths by which built code would look for files outside of its package. */
function pathsOutOf(directory, file) {
  const text = readFileSync(join(directory, file), "utf8");
  const paths = [...text.matchAll(/["'`](\.\.\/[^"'`\s]*)["'`]/g)].map(([, path]) => path);
  return paths
    .filter((path) => relative(directory, join(directory, dirname(file), path)).startsWith(".."))
    .map((path) => `${file} reads ${path}, outside of its package`);
}

function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function run(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  console.error(`${stdout}\n"${command} ${args.join(" ")}" failed`);
  process.exit(1);
}

function plain(path) {
  return path.replace(/^\.\//, "");
}

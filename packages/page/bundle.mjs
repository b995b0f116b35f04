// Bundles the scripts and the styles of the pages, after `tsc -b`: dist/web -> dist/assets. Does nothing if they are up
// to date.
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const web = join(here, "dist", "web");
const out = join(here, "dist", "assets");
const sources = [web, join(here, "src", "web")];

const newest = Math.max(...sources.flatMap(filesBelow).map((file) => statSync(file).mtimeMs));
const oldest = existsSync(out)
  ? Math.min(...filesBelow(out).map((file) => statSync(file).mtimeMs))
  : 0;
if (newest > oldest) {
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: {
      night: join(web, "night", "main.js"),
      report: join(web, "report", "main.js"),
      style: join(here, "src", "web", "style.css"),
    },
    outdir: out,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

// Installs what onnxruntime needs for NVIDIA GPUs: npm run install:cuda
//
//   --cuda 12|13   version of CUDA (default: what this machine's driver or libraries are)
//   --file PATH    a wheel or NuGet package that was downloaded elsewhere
//   --index URL    index to download from (default: pip's for CUDA 13, nuget.org for CUDA 12)
//   --to DIR       where the libraries go (default: beside onnxruntime's own)
//
// Exit code 1: nothing was changed, and the message says what to do.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import {
  missingCudaLibraries,
  PROVIDER_FILES,
  pipLibraryDirectories,
  runtimeDirectory,
} from "../packages/model/dist/devices/libraries.js";
import { missingLibraries } from "../packages/model/dist/devices/problems.js";
import { download, extract, findPackage, installedCuda } from "./lib/cuda-packages.mjs";

async function main() {
  const { values } = parseArgs({
    options: {
      cuda: { type: "string" },
      file: { type: "string" },
      index: { type: "string" },
      to: { type: "string" },
    },
  });
  if (values.to === undefined && `${process.platform}/${process.arch}` !== "linux/x64") {
    throw new Error("onnxruntime has CUDA libraries for Linux on x64 alone");
  }
  if (values.cuda !== undefined && !["12", "13"].includes(values.cuda)) {
    throw new Error(`--cuda ${values.cuda}: give 12 or 13`);
  }
  const version = await runtimeVersion();
  const to = values.to ?? runtimeDirectory();
  const cuda = values.cuda ?? (await installedCuda());
  if (cuda === undefined && values.file === undefined) {
    throw new Error(
      "this machine has no NVIDIA driver and no CUDA libraries to take the version from: give --cuda 12 or --cuda 13",
    );
  }
  const files =
    values.file === undefined
      ? await downloaded({ cuda, version, index: values.index })
      : await fromFile(values.file, { cuda, version });
  await replaceAll(files, to);
  await reportMissing(to);
}

/** All files or none: written beside and then renamed. A running process keeps the files that it has opened. */
async function replaceAll(files, directory) {
  const all = [...files].map(([name, bytes]) => {
    const partial = join(directory, `.${name}.${process.pid}`);
    return { bytes, partial, path: join(directory, name) };
  });
  try {
    for (const { partial, bytes } of all) await writeFile(partial, bytes, { mode: 0o644 });
    for (const { partial, path } of all) await rename(partial, path);
  } finally {
    await Promise.all(all.map(({ partial }) => rm(partial, { force: true })));
  }
  for (const { path } of all) console.log(`installed ${path}`);
}

async function runtimeVersion() {
  const manifest = join(runtimeDirectory(), ...Array(4).fill(".."), "package.json");
  return JSON.parse(await readFile(manifest, "utf8")).version;
}

async function downloaded({ cuda, version, index }) {
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-cuda-"));
  try {
    const found = await findPackage({ cuda, version, index });
    const path = join(directory, found.name);
    console.log(`downloading ${found.url}`);
    await download(found, path);
    console.log(`${found.hash.algorithm} is ${found.hash.digest}, as the index says`);
    return await extract(path, { files: PROVIDER_FILES, version, cuda });
  } catch (error) {
    throw new Error(
      `${error.message}. Without a network, download the package elsewhere and give it with --file PATH`,
      { cause: error },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fromFile(path, { cuda, version }) {
  const files = await extract(path, { files: PROVIDER_FILES, version, cuda });
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  console.log(`${basename(path)} has the SHA-256 ${digest}; compare it with that of its index`);
  return files;
}

async function reportMissing(directory) {
  const missing = await missingCudaLibraries(directory);
  if (missing.length === 0) {
    console.log("nothing is missing; nightbeam devices shows the GPUs");
    return;
  }
  const pipDirectories = await pipLibraryDirectories();
  for (const { what, remedy } of missingLibraries(missing, { pipDirectories })) {
    console.log(`${what}\n  -> ${remedy}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

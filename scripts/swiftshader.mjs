// Brings SwiftShader, a Vulkan device that runs on the processor, into .nightbeam/swiftshader: with it,
// tests run onnxruntime's WebGPU without a GPU. It is taken from Debian's Chromium, which has the
// loader as well; nothing is installed, so no root is needed.
//
//   node scripts/swiftshader.mjs     does nothing if it is there; exits with 1 and the reason if it cannot be had
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "chromium-common";
const FILES = ["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"];
const parent = join(dirname(fileURLToPath(import.meta.url)), "..", ".nightbeam");
const target = join(parent, "swiftshader");

/** @throws Error with the end of what the command printed */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`${command} cannot be started: ${error.message}`);
  const last = `${stdout}${stderr}`.trim().split("\n").at(-1);
  if (status !== 0) throw new Error(`${command} ${args.at(-1)}: ${last}`);
}

/** Downloads the package with the system's lists, or with fresh ones if these are missing or too old. */
function download(work) {
  try {
    run("apt-get", ["download", PACKAGE], work);
  } catch {
    const own = [
      ...[
        "-o",
        `Dir::State::lists=${join(work, "lists")}`,
        "-o",
        `Dir::Cache=${join(work, "cache")}`,
      ],
      ...["-o", "APT::Sandbox::User=root"],
    ];
    mkdirSync(join(work, "lists", "partial"), { recursive: true });
    mkdirSync(join(work, "cache", "archives", "partial"), { recursive: true });
    run("apt-get", [...own, "update"], work);
    run("apt-get", [...own, "download", PACKAGE], work);
  }
  const file = readdirSync(work).find((name) => name.endsWith(".deb"));
  if (file === undefined) throw new Error(`apt-get downloaded no ${PACKAGE}`);
  return file;
}

function install() {
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "swiftshader-"));
  try {
    run("dpkg-deb", ["-x", download(work), "unpacked"], work);
    const found = join(work, "found");
    mkdirSync(found);
    for (const file of FILES) {
      cpSync(join(work, "unpacked", "usr", "lib", "chromium", file), join(found, file));
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(found, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (FILES.every((file) => existsSync(join(target, file)))) {
  console.log(`SwiftShader is in ${target}`);
} else {
  try {
    install();
    console.log(`SwiftShader is in ${target}`);
  } catch (error) {
    console.error(`SwiftShader cannot be had: ${error.message}`);
    process.exitCode = 1;
  }
}

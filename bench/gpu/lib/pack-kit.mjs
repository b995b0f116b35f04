import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { command } from "./command.mjs";
import { root } from "./places.mjs";

const MEBIBYTE = 2 ** 20;
const MAX_PIECE = 50 * MEBIBYTE;
// What takes a folder away may take the repository with it: 64 MiB in all.
const MAX_FOLDER = 51 * MEBIBYTE;
const FOLDERS = ["a", "b", "c"];

/**
 * Packs each folder of a kit by itself, in pieces, which fill three folders.
 *
 * @param {string} kit
 * @param {string} target
 */
export function packKit(kit, target) {
  for (const folder of FOLDERS) {
    rmSync(join(target, folder), { recursive: true, force: true });
    mkdirSync(join(target, folder), { recursive: true });
  }
  cpSync(join(root, "bench", "gpu", "gpu-run.sh"), join(target, "c", "gpu-run.sh"));
  const pieces = join(target, "pieces");
  rmSync(pieces, { recursive: true, force: true });
  mkdirSync(pieces);
  for (const part of readdirSync(kit)) {
    const script = `tar c -C "$1" gpu | xz -6 -T0 | split -b ${MAX_PIECE} -d - "$2."`;
    const args = ["-o", "pipefail", "-c", script, "pack", join(kit, part), join(pieces, part)];
    command("bash", args);
  }
  const sums = readdirSync(pieces).map((name) => {
    const hash = createHash("sha256")
      .update(readFileSync(join(pieces, name)))
      .digest("hex");
    return `${hash}  ${name}\n`;
  });
  writeFileSync(join(target, "c", "SHA256SUMS"), sums.join(""));
  share(pieces, target);
  rmSync(pieces, { recursive: true });
}

/** The largest pieces first, each into the first folder that has room. */
function share(pieces, target) {
  const left = new Map(FOLDERS.map((folder) => [folder, MAX_FOLDER]));
  const sizes = readdirSync(pieces).map((name) => ({
    name,
    size: statSync(join(pieces, name)).size,
  }));
  for (const { name, size } of sizes.toSorted((one, other) => other.size - one.size)) {
    const [folder, room] = [...left].find(([, bytes]) => bytes >= size) ?? [];
    if (folder === undefined || room === undefined) {
      const sum = sizes.reduce((total, piece) => total + piece.size, 0) / MEBIBYTE;
      throw new Error(`the kit has ${sum.toFixed(0)} MiB, more than three folders hold`);
    }
    cpSync(join(pieces, name), join(target, folder, name));
    left.set(folder, room - size);
    console.log(`${folder}/${name}  ${(size / MEBIBYTE).toFixed(1)} MiB`);
  }
}

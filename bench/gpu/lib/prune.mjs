import { readFileSync, writeFileSync } from "node:fs";

/** Begin of a container of machine code, as NVIDIA's tools write it. */
const CONTAINER = 0xba55ed50;
const MACHINE_CODE = 2;

/**
 * Copies a CUDA library with the machine code of one generation of GPUs alone: what is for others becomes
 * zeros, which compress to nothing. A container without that generation stays whole.
 *
 * @param {string} from
 * @param {string} to
 * @param {number} generation compute capability times ten: 90 is H100 and H200
 * @returns {number} bytes that have become zeros
 */
export function pruneCuda(from, to, generation) {
  const file = readFileSync(from);
  const { offset, size } = section(file, ".nv_fatbin");
  let pruned = 0;
  for (let at = offset; at < offset + size; ) {
    if (file.readUInt32LE(at) !== CONTAINER) {
      at += 8;
      continue;
    }
    const end = at + file.readUInt16LE(at + 6) + Number(file.readBigUInt64LE(at + 8));
    const entries = [...entriesOf(file, at + file.readUInt16LE(at + 6), end)];
    const isWanted = (entry) => entry.kind === MACHINE_CODE && entry.generation === generation;
    if (entries.some(isWanted)) {
      for (const entry of entries) {
        if (isWanted(entry)) continue;
        file.fill(0, entry.begin, entry.end);
        pruned += entry.end - entry.begin;
      }
    }
    at = end;
  }
  writeFileSync(to, file);
  return pruned;
}

/** The codes of a container: headers stay, so that the container can still be read. */
function* entriesOf(file, from, end) {
  for (let at = from; at < end; ) {
    const begin = at + file.readUInt32LE(at + 4);
    const next = begin + Number(file.readBigUInt64LE(at + 8));
    yield { kind: file.readUInt16LE(at), generation: file.readUInt32LE(at + 28), begin, end: next };
    at = next;
  }
}

/** Where a section of a 64-bit ELF file lies. */
function section(file, wanted) {
  const table = Number(file.readBigUInt64LE(0x28));
  const [entrySize, count, namesAt] = [0x3a, 0x3c, 0x3e].map((at) => file.readUInt16LE(at));
  const read = (index) => {
    const at = table + index * entrySize;
    const number = (place) => Number(file.readBigUInt64LE(at + place));
    return { name: file.readUInt32LE(at), offset: number(0x18), size: number(0x20) };
  };
  const names = read(namesAt).offset;
  for (let index = 0; index < count; index++) {
    const { name, offset, size } = read(index);
    const begin = names + name;
    if (file.toString("latin1", begin, file.indexOf(0, begin)) === wanted) return { offset, size };
  }
  throw new Error(`no section ${wanted}: not a CUDA library`);
}

import { childRange, ROOT, type Trie } from "./trie.js";

/**
 * Which code paths differ between two catalogues: a tree of the prefixes below which something came or
 * went, and of the prefixes that came or went themselves. Nothing is listed below the latter, so the tree
 * grows with the change, not with the catalogues.
 */
export interface CatalogueChange {
  /** Whether both catalogues have the same code paths. Their items may differ all the same. */
  readonly isEmpty: boolean;
  /** The tree, numbered as a trie is: breadth-first, siblings by code, the root is 0. */
  readonly tree: Pick<Trie, "codes" | "firstChild">;
  /** What happened at each node: bits of `GONE`, `NEW`, `LOSES` and `GAINS`. Shape [nodes of the tree]. */
  readonly kinds: Uint8Array;
  /** Whether each level of the later catalogue uses the codes that it uses in the earlier one, and no others. */
  readonly sameCodes: boolean;
}

/** The later catalogue lacks the prefix. */
export const GONE = 1;
/** The earlier catalogue lacks the prefix. */
export const NEW = 2;
/** Both have the prefix, and a prefix below it is gone. */
export const LOSES = 4;
/** Both have the prefix, and a prefix below it is new. */
export const GAINS = 8;

/**
 * Compares the code paths of two catalogues. Time grows with the catalogues, memory with the change. Of
 * tries with different numbers of levels the root counts as gone.
 */
export function catalogueChange(before: Trie, after: Trie): CatalogueChange {
  const { levels } = before;
  const sameCodes = haveSameCodes(before, after);
  if (levels !== after.levels) return { ...treeOf({ root: GONE, depths: [] }), sameCodes };
  const depths = Array.from({ length: levels }, () => new ChangedNodes());
  /** Compares what is below a prefix of both; lists what differs, deepest nodes first. */
  const compareBelow = (old: number, young: number, depth: number): number => {
    const nodes = depths[depth];
    let { first: x, end: xEnd } = childRange(before, old);
    let { first: y, end: yEnd } = childRange(after, young);
    let kind = 0;
    while (x < xEnd || y < yEnd) {
      const oldCode = x < xEnd ? (before.codes[x] ?? 0) : NO_CODE;
      const youngCode = y < yEnd ? (after.codes[y] ?? 0) : NO_CODE;
      if (oldCode === youngCode) {
        const below = depth + 1 < levels ? compareBelow(x, y, depth + 1) : 0;
        if (below !== 0) nodes?.add(oldCode, below, depths[depth + 1]?.size ?? 0);
        kind |= below;
        x++;
        y++;
      } else if (oldCode < youngCode) {
        nodes?.add(oldCode, GONE, depths[depth + 1]?.size ?? 0);
        kind |= LOSES;
        x++;
      } else {
        nodes?.add(youngCode, NEW, depths[depth + 1]?.size ?? 0);
        kind |= GAINS;
        y++;
      }
    }
    return kind;
  };
  return { ...treeOf({ root: compareBelow(ROOT, ROOT, 0), depths }), sameCodes };
}

/** Above every code. */
const NO_CODE = 0x1_0000;

/** The nodes of one depth, in the order of their code paths, as they are found. */
class ChangedNodes {
  size = 0;
  codes = new Uint16Array(64);
  kinds = new Uint8Array(64);
  /** Nodes of the next depth that belong to this node or to one before it. */
  childEnds = new Uint32Array(64);

  add(code: number, kind: number, childEnd: number): void {
    if (this.size === this.codes.length) this.#grow();
    this.codes[this.size] = code;
    this.kinds[this.size] = kind;
    this.childEnds[this.size++] = childEnd;
  }

  #grow(): void {
    const { codes, kinds, childEnds } = this;
    this.codes = new Uint16Array(2 * this.size);
    this.kinds = new Uint8Array(2 * this.size);
    this.childEnds = new Uint32Array(2 * this.size);
    this.codes.set(codes);
    this.kinds.set(kinds);
    this.childEnds.set(childEnds);
  }
}

/** Numbers the nodes breadth-first: in each depth they are in order already. */
function treeOf(found: {
  root: number;
  depths: readonly ChangedNodes[];
}): Pick<CatalogueChange, "isEmpty" | "tree" | "kinds"> {
  const { root, depths } = found;
  const count = depths.reduce((sum, { size }) => sum + size, 1);
  const codes = new Uint16Array(count);
  const kinds = new Uint8Array(count);
  const firstChild = new Uint32Array(count + 1).fill(count);
  kinds[ROOT] = root;
  firstChild[ROOT] = 1;
  let start = 1;
  for (const { size, codes: found, kinds: kind, childEnds } of depths) {
    codes.set(found.subarray(0, size), start);
    kinds.set(kind.subarray(0, size), start);
    const next = start + size;
    for (let at = 0; at < size; at++) firstChild[start + at + 1] = next + (childEnds[at] ?? 0);
    firstChild[start] = next;
    start = next;
  }
  return { isEmpty: root === 0, tree: { codes, firstChild }, kinds };
}

function haveSameCodes(before: Trie, after: Trie): boolean {
  const [old, young] = [usedCodes(before), usedCodes(after)];
  return (
    old.length === young.length &&
    old.every((used, level) => Buffer.compare(used, young[level] ?? new Uint8Array()) === 0)
  );
}

/** Per level, 1 for every code that occurs, up to the largest. */
function usedCodes({ levels, levelStart, codes }: Trie): Uint8Array[] {
  const used = new Uint8Array(NO_CODE);
  return Array.from({ length: levels }, (_, level) => {
    let largest = 0;
    const end = levelStart[level + 2] ?? 0;
    for (let node = levelStart[level + 1] ?? 0; node < end; node++) {
      const code = codes[node] ?? 0;
      used[code] = 1;
      if (code > largest) largest = code;
    }
    const ofLevel = used.slice(0, largest + 1);
    used.fill(0, 0, largest + 1);
    return ofLevel;
  });
}

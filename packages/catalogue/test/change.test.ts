import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildCatalogue } from "../src/build.js";
import { type CatalogueChange, catalogueChange, GAINS, GONE, LOSES, NEW } from "../src/change.js";
import { addClosingLevels } from "../src/closing-levels.js";
import { childRange } from "../src/trie.js";
import { entries, someEntries } from "./arbitraries.js";

/** Two catalogues of as many levels: items of the first, some of them gone, and others that came. */
const somePair = fc
  .record({ first: someEntries, second: someEntries, keep: fc.array(fc.boolean()) })
  .map(({ first, second, keep }) => {
    const levels = first[0]?.codes.length ?? 0;
    const other = second
      .filter(({ codes }) => codes.length >= levels)
      .map(({ id, codes }, at) => ({
        id: `${id}+`,
        codes: Array.from(codes).slice(0, levels),
        where: `${at}`,
      }));
    const after = [...first.filter((_, at) => keep[at] ?? true), ...other];
    return { before: first, after: after.length > 0 ? after : first };
  });

/** What the change should say of every prefix, by the sets of all prefixes. */
function expected(before: Set<string>, after: Set<string>): Map<string, number> {
  const kinds = new Map<string, number>();
  const mark = (path: string, kind: number) => kinds.set(path, (kinds.get(path) ?? 0) | kind);
  const compare = (one: Set<string>, other: Set<string>, [self, above]: [number, number]) => {
    for (const path of one) {
      if (other.has(path) || !other.has(parent(path))) continue;
      mark(path, self);
      for (let at = path; at !== ""; ) {
        at = parent(at);
        mark(at, above);
      }
    }
  };
  compare(before, after, [GONE, LOSES]);
  compare(after, before, [NEW, GAINS]);
  return kinds;
}

const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

function prefixesOf(source: readonly { codes: ArrayLike<number> }[]): Set<string> {
  const all = new Set([""]);
  for (const { codes } of source) {
    Array.from(codes).reduce((path, code) => {
      const longer = `${path}/${code}`;
      all.add(longer);
      return longer;
    }, "");
  }
  return all;
}

function listed(
  { tree, kinds }: Pick<CatalogueChange, "tree" | "kinds">,
  node = 0,
  path = "",
): Map<string, number> {
  const found = new Map(kinds[node] === 0 ? [] : [[path, kinds[node] ?? 0]]);
  const { first, end } = childRange(tree, node);
  for (let child = first; child < end; child++) {
    const below = listed({ tree, kinds }, child, `${path}/${tree.codes[child]}`);
    for (const [key, kind] of below) found.set(key, kind);
  }
  return found;
}

describe("the change between two catalogues", () => {
  it("lists what came, what went and what lies above, and nothing else", () => {
    fc.assert(
      fc.property(somePair, fc.nat(2), ({ before, after }, closing) => {
        const tries = [before, after].map(
          (source) => addClosingLevels(buildCatalogue(source), closing).trie,
        );
        const [old, young] = tries;
        if (old === undefined || young === undefined) throw new Error("no tries");
        const change = catalogueChange(old, young);
        const wanted = expected(prefixesOf(before), prefixesOf(after));
        expect(listed(change)).toEqual(wanted);
        expect(change.isEmpty).toBe(wanted.size === 0);
        expect(change.kinds.length).toBe(Math.max(1, wanted.size));
      }),
      { numRuns: 60 },
    );
  });

  it("is empty if only items of present paths come or go", () => {
    const { trie } = buildCatalogue(entries("a 1 2", "b 1 2", "c 1 3"));
    const other = buildCatalogue(entries("a 1 2", "d 1 3", "e 1 3"));
    expect(catalogueChange(trie, other.trie).isEmpty).toBe(true);
  });

  it("loses everything if the number of levels differs", () => {
    const { trie } = buildCatalogue(entries("a 1 2"));
    const change = catalogueChange(trie, buildCatalogue(entries("a 1 2 3")).trie);
    expect(change).toMatchObject({ isEmpty: false, kinds: Uint8Array.of(GONE) });
    expect(childRange(change.tree, 0)).toEqual({ first: 1, end: 1 });
  });
});

// Import cycles between files. Imports of types count: to read one file of a cycle is to read all of them.
import { resolveRelative } from "./source-tree.mjs";

export function checkCycles({ modules, at }) {
  const graph = new Map();
  for (const { file, isTest, imports } of modules.values()) {
    if (isTest) continue;
    const targets = imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => resolveRelative(file, specifier));
    graph.set(file, new Set(targets.filter((target) => modules.has(target))));
  }
  return findCycles(graph).map((cycle) => ({
    place: at(cycle[0]),
    message: `import cycle: ${cycle.map(at).join(" -> ")}`,
    remedy: "move what both sides need into a file of its own",
  }));
}

/** One shortest cycle per group of nodes that reach each other. The first node is repeated at the end. */
export function findCycles(graph) {
  const cycles = [];
  const seen = new Set();
  for (const start of [...graph.keys()].sort()) {
    if (seen.has(start)) continue;
    const cycle = shortestCycle(graph, start);
    if (!cycle) continue;
    cycles.push(cycle);
    const reached = reachable(graph, start);
    for (const node of reached) if (reachable(graph, node).has(start)) seen.add(node);
  }
  return cycles;
}

function shortestCycle(graph, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return [...pathTo(cameFrom, start, node), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(cameFrom, start, end) {
  const path = [end];
  while (path[0] !== start) path.unshift(cameFrom.get(path[0]));
  return path;
}

function reachable(graph, start) {
  const found = new Set();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return found;
}

import type { StateFiles } from "../../src/state/documents.js";

/** State in memory. Operations take a few turns of the event loop, so that callers interleave. */
export function memoryFiles(): StateFiles & { fails: boolean } {
  const texts = new Map<string, string>();
  let turns = 0;
  const files = {
    location: "memory",
    fails: false,
    read: (name: string) => soon(() => texts.get(name)),
    create: (name: string, text: string) =>
      soon(() => {
        if (texts.has(name)) return false;
        texts.set(name, text);
        return true;
      }),
    write: (name: string, text: string) => soon(() => void texts.set(name, text)),
    remove: (name: string) => soon(() => void texts.delete(name)),
    list: (folder: string) =>
      soon(() => {
        const start = `${folder}/`;
        const names = [...texts.keys()].filter((name) => name.startsWith(start));
        return names.map((name) => name.slice(start.length)).sort();
      }),
  };
  const soon = async <T>(work: () => T): Promise<T> => {
    for (let turn = turns++ % 3; turn >= 0; turn--) await new Promise(setImmediate);
    if (files.fails) throw new Error("no space left on device");
    return work();
  };
  return files;
}

import type { StateFiles } from "./documents.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The part of a ShardStore that the state uses. */
export interface StateStore {
  readonly location: string;
  read(name: string): Promise<Uint8Array | undefined>;
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  replace(name: string, bytes: Uint8Array): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
}

/** Adapts a store of bytes to files of text. */
export function stateFiles(store: StateStore): StateFiles {
  return {
    location: store.location,
    read: async (name) => {
      const bytes = await store.read(name);
      return bytes === undefined ? undefined : decoder.decode(bytes);
    },
    create: (name, text) => store.create(name, encoder.encode(text)),
    write: (name, text) => store.replace(name, encoder.encode(text)),
    remove: (name) => store.remove(name),
    list: async (folder) => {
      const start = `${folder}/`;
      return (await store.list(start)).map((name) => name.slice(start.length));
    },
  };
}

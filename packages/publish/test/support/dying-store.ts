import type { ListStore } from "../../src/list-store.js";

/** What a publication that was killed ends with. */
export const KILLED = new Error("killed");

const WRITES = ["writePointer", "writeRecord", "writeBucket", "seal", "remove"] as const;

/** A store of a process that is killed at its n-th write, before or after it took place. Then nothing works any more. */
export function dyingStore(
  store: ListStore,
  { at, after }: { readonly at: number; readonly after: boolean },
): { readonly store: ListStore; readonly isDead: () => boolean } {
  let left = at;
  let dead = false;
  const guarded = Object.fromEntries(
    WRITES.map((name) => [
      name,
      async (...given: Parameters<ListStore[typeof name]>) => {
        if (dead) throw KILLED;
        const isLast = left-- === 0;
        if (isLast) dead = true;
        if (!isLast || after) await Reflect.apply(store[name], store, given);
        if (isLast) throw KILLED;
      },
    ]),
  );
  return { store: { ...store, ...guarded, bucketUsers: store.bucketUsers }, isDead: () => dead };
}

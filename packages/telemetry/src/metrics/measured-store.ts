import type { OpenedStore } from "@nightbeam/store";
import type { Recorder } from "./metrics.js";
import type { LabelsOf } from "./table.js";

type Operation = LabelsOf<"nightbeam.store.operation.duration">["operation"];

/** A store whose operations are measured. */
export function measuredStore(store: OpenedStore, recorder: Recorder): OpenedStore {
  const measured = async <T>(operation: Operation, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const end = (outcome: "ok" | "failed") => {
      const seconds = (performance.now() - began) / 1e3;
      recorder.record("nightbeam.store.operation.duration", seconds, { operation, outcome });
    };
    try {
      const result = await work();
      end("ok");
      return result;
    } catch (error) {
      end("failed");
      throw error;
    }
  };
  return {
    location: store.location,
    read: (name) => measured("read", () => store.read(name)),
    create: (name, bytes) => measured("create", () => store.create(name, bytes)),
    replace: (name, bytes) => measured("replace", () => store.replace(name, bytes)),
    list: (prefix) => measured("list", () => store.list(prefix)),
    putFile: (name, localPath) => measured("put", () => store.putFile(name, localPath)),
    remove: (name) => measured("remove", () => store.remove(name)),
    removeLeftovers: () => measured("remove", () => store.removeLeftovers()),
    open: async function* (name) {
      const chunks = store.open(name)[Symbol.asyncIterator]();
      // The reader decides how long the rest takes.
      const first = await measured("open", () => chunks.next());
      if (first.done === true) return;
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => chunks };
    },
    close: () => store.close(),
  };
}

import { type Manifest, readStoredLists, storeJournal } from "@nightbeam/run";
import { fingerprint, type OpenedStore, openStore } from "@nightbeam/store";
import { encodeList, type UserList } from "./encoding.js";
import { PublishError } from "./errors.js";

/** The lists of a complete run, of one machine or of a cluster. */
export interface RunLists {
  readonly manifest: Manifest;
  /**
   * Streams the lists. Each part is compared with the manifest before it is read.
   *
   * @throws PublishError RUN_DAMAGED; StoreError; DatasetError
   */
  read(options: {
    readonly scores: boolean;
    readonly signal?: AbortSignal | undefined;
  }): AsyncGenerator<readonly UserList[]>;
  close(): void;
}

/**
 * Opens the lists of a run.
 *
 * @param out its directory or s3://bucket/prefix
 * @throws PublishError RUN_INCOMPLETE; RunError STORE_DAMAGED; StoreError
 */
export async function openRunLists(out: string): Promise<RunLists> {
  const store = await openStore(out);
  try {
    const manifest = await storeJournal(store).readManifest();
    if (manifest === undefined) {
      throw new PublishError(
        "RUN_INCOMPLETE",
        `${out} does not hold a complete run: it has no manifest.json. Let the run finish, or name another.`,
      );
    }
    return {
      manifest,
      read: (options) => encodedLists({ store, manifest, ...options }),
      close: () => store.close(),
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function* encodedLists(options: {
  readonly store: OpenedStore;
  readonly manifest: Manifest;
  readonly scores: boolean;
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<readonly UserList[]> {
  const { store, manifest, scores, signal } = options;
  const { parts, format } = manifest;
  for await (const { lists } of readStoredLists(store, { parts, format, signal, check })) {
    signal?.throwIfAborted();
    yield lists.map(({ user, items }) => {
      const ids = items.map(({ item }) => item);
      const given = scores ? { scores: items.map(({ score }) => score) } : {};
      return { user, list: encodeList({ items: ids, ...given }) };
    });
  }
}

async function check(part: Manifest["parts"][number], path: string): Promise<void> {
  const { bytes, sha256 } = await fingerprint(path);
  if (bytes === part.bytes && sha256 === part.sha256) return;
  throw new PublishError(
    "RUN_DAMAGED",
    `${part.file} is not the file that the manifest names (it has ${bytes} bytes, of ${part.bytes}). Nothing was ` +
      "published: readers see what they saw before. Restore the file, or repeat the run in another directory.",
  );
}

import { createHash } from "node:crypto";
import type { Catalogue } from "@nightbeam/catalogue";
import { type TeacherExample, teacherExample } from "@nightbeam/dataset";
import type { KnownTree, ShardUser } from "@nightbeam/decoding";

/** A part's users, and the target's answers about the sampled ones after they are decoded. */
export interface Sampled<User> {
  readonly users: readonly User[];
  /** In an order that depends on the prompts alone. */
  readonly examples: () => TeacherExample[];
}

/**
 * Collects the target's answers about a share of the users. The prompt decides whether a user is in
 * the sample, so that runs with other part sizes sample the same ones. A prompt that several users of
 * a part have is taken once, from the first user's search.
 */
export function sampleUsers<User extends ShardUser>(
  users: readonly User[],
  options: { share: number; catalogue: Catalogue },
): Sampled<User> {
  const { share, catalogue } = options;
  const examples = new Map<string, TeacherExample | undefined>();
  const watched = users.map((user) => {
    const digest = digestOf(user.prompt);
    if (drawOf(digest) >= share || examples.has(digest)) return user;
    examples.set(digest, undefined);
    const onKnown = (known: KnownTree) => {
      // The target was not asked if the user may get no item.
      if (known.prefixes.length > 0)
        examples.set(digest, exampleOf(user.prompt, { known, catalogue }));
    };
    return { ...user, onKnown };
  });
  return {
    users: watched,
    examples: () => [...examples.keys()].sort().flatMap((digest) => examples.get(digest) ?? []),
  };
}

/** What the target answered about codes; a draft learns nothing from what closes a path. */
function exampleOf(
  prompt: Int32Array,
  { known, catalogue }: { known: KnownTree; catalogue: Catalogue },
): TeacherExample {
  const { trie, closingLevels } = catalogue;
  const firstWhole = trie.levelStart[trie.levels - closingLevels] ?? 0;
  // Prefixes ascend, so those that are whole paths come last.
  const entries = known.prefixes.filter((prefix) => prefix < firstWhole).length;
  const parents = known.parents.slice(0, entries);
  const codes = Int32Array.from(parents, (parent, entry) =>
    parent === -1 ? -1 : (trie.codes[known.prefixes[entry] ?? 0] ?? -1),
  );
  return teacherExample({ prompt, parents, codes, rows: known.rows.slice(0, entries) });
}

/** SHA-256 in hex over the token ids, 32 bits each, little-endian. */
function digestOf(prompt: Int32Array): string {
  return createHash("sha256").update(prompt).digest("hex");
}

/** A digest's first 48 bits as a number from 0 to below 1. */
function drawOf(digest: string): number {
  return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48;
}

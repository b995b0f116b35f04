import { createHash } from "node:crypto";
import type { Trie } from "@nightbeam/catalogue";
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
  options: { share: number; trie: Trie },
): Sampled<User> {
  const { share, trie } = options;
  const examples = new Map<string, TeacherExample | undefined>();
  const watched = users.map((user) => {
    const digest = digestOf(user.prompt);
    if (drawOf(digest) >= share || examples.has(digest)) return user;
    examples.set(digest, undefined);
    const onKnown = (known: KnownTree) => {
      // The target was not asked if the user may get no item.
      if (known.prefixes.length > 0) examples.set(digest, exampleOf(user.prompt, { known, trie }));
    };
    return { ...user, onKnown };
  });
  return {
    users: watched,
    examples: () => [...examples.keys()].sort().flatMap((digest) => examples.get(digest) ?? []),
  };
}

function exampleOf(prompt: Int32Array, answers: { known: KnownTree; trie: Trie }): TeacherExample {
  const { prefixes, parents, rows } = answers.known;
  const codes = Int32Array.from(prefixes, (prefix, entry) =>
    parents[entry] === -1 ? -1 : (answers.trie.codes[prefix] ?? -1),
  );
  return teacherExample({ prompt, parents, codes, rows });
}

/** SHA-256 in hex over the token ids, 32 bits each, little-endian. */
function digestOf(prompt: Int32Array): string {
  return createHash("sha256").update(prompt).digest("hex");
}

/** A digest's first 48 bits as a number from 0 to below 1. */
function drawOf(digest: string): number {
  return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48;
}

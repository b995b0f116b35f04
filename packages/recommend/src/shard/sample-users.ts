import { createHash } from "node:crypto";
import type { Trie } from "@nightbeam/catalogue";
import { type TeacherExample, teacherExample } from "@nightbeam/dataset";
import type { KnownTree, ShardUser } from "@nightbeam/decoding";

/** A part's users, and what the target said about the sampled ones once they are decoded. */
export interface Sampled<User> {
  readonly users: readonly User[];
  /** In an order that depends on the prompts alone. */
  readonly examples: () => TeacherExample[];
}

/**
 * Collects what the target says about a share of the users. The prompt decides whether a user is in
 * the sample, so that every run, however it is cut into parts, samples the same ones; a prompt that
 * several users of a part have is taken once, with the first one's search.
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
      // A user who may get nothing: the target was asked nothing.
      if (known.prefixes.length > 0) examples.set(digest, exampleOf(user.prompt, { known, trie }));
    };
    return { ...user, onKnown };
  });
  return {
    users: watched,
    examples: () => [...examples.keys()].sort().flatMap((digest) => examples.get(digest) ?? []),
  };
}

function exampleOf(prompt: Int32Array, told: { known: KnownTree; trie: Trie }): TeacherExample {
  const { prefixes, parents, rows } = told.known;
  const codes = Int32Array.from(prefixes, (prefix, entry) =>
    parents[entry] === -1 ? -1 : (told.trie.codes[prefix] ?? -1),
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

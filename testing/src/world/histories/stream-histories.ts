import { userHistory } from "./user-history.js";
import { writeLines } from "./write-lines.js";

/**
 * Writes synthetic histories as JSONL, `{"user": "u0", "history": ["12", "7"]}`, one per line.
 * With the `items` of a world they match its catalogue; with its seed too, they start with its
 * users.
 */
export async function streamHistories(options: {
  readonly file: string;
  readonly users: number;
  readonly items: number;
  readonly seed: number;
}): Promise<void> {
  await writeLines(options.file, histories(options));
}

function* histories(options: {
  readonly users: number;
  readonly items: number;
  readonly seed: number;
}): Generator<{ user: string; history: string[] }> {
  const { users, items, seed } = options;
  for (let user = 0; user < users; user++) {
    yield { user: userName(user), history: userHistory({ seed, user, items }).map(String) };
  }
}

export function userName(user: number): string {
  return `u${user}`;
}

import type { Distrust } from "@nightbeam/protocol";
import type { VerifierShareRecord } from "@nightbeam/run";

interface Answered {
  readonly runId: string;
  readonly index: number;
  readonly verifier: string;
  /** When the verifier answered the shard's last call. Epoch milliseconds. */
  readonly lastAt: number;
}

/** Shards that are remembered, per verifier. */
const MAX_SHARDS = 10_000;
/** Shards that a message names. */
const MAX_NAMED = 40;

/** Which shards of this drafter contain answers of which verifier. */
export class AnsweredShards {
  readonly #byVerifier = new Map<string, Answered[]>();

  add(
    { runId, index }: { readonly runId: string; readonly index: number },
    shares: readonly VerifierShareRecord[],
  ): void {
    for (const { name, lastAt } of shares) {
      const shards = this.#byVerifier.get(name) ?? [];
      shards.push({ runId, index, verifier: name, lastAt: Date.parse(lastAt) });
      if (shards.length > MAX_SHARDS) shards.shift();
      this.#byVerifier.set(name, shards);
    }
  }

  /** The message about a verifier, with the shards that contain what it answered since its last good audit. */
  explain({ verifier, message, auditedAt }: Distrust): string {
    const since = auditedAt ?? Number.NEGATIVE_INFINITY;
    const shards = (this.#byVerifier.get(verifier) ?? []).filter(({ lastAt }) => lastAt > since);
    if (shards.length === 0) return message;
    const date = auditedAt === undefined ? undefined : new Date(auditedAt).toISOString();
    const when =
      date === undefined ? "None of its answers was audited" : `Its last good audit was ${date}`;
    const runs = [...new Set(shards.map(({ runId }) => runId))];
    const named = runs.map((runId) => {
      const indices = shards.filter((shard) => shard.runId === runId).map(({ index }) => index);
      return `${rangesOf(indices)} of ${runId}`;
    });
    const option = date === undefined ? "" : ` --since ${date}`;
    const commands = runs.map(
      (runId) => `nightbeam redo ${runId} --answered-by ${verifier}${option}`,
    );
    return (
      `${message} ${when}; since then this drafter used its answers in shards ${named.join("; ")}. ` +
      `To do all such shards again: ${commands.join("; ")}.`
    );
  }
}

/** "3, 7-9" */
function rangesOf(indices: readonly number[]): string {
  const sorted = [...new Set(indices)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const index of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  const texts = ranges.slice(0, MAX_NAMED).map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`));
  const more = ranges.length > MAX_NAMED ? " and more" : "";
  return `${texts.join(", ")}${more}`;
}

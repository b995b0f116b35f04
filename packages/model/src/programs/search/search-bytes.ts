import type { SearchSetup } from "./search-context.js";
import { beamsByDepth } from "./sizes.js";

/** Bytes that a child of a beam takes: two scores, places, marks and their copies. */
const CHILD_BYTES = 64;
/** Bytes in which a closed node is compared with a beam. */
const COMPARED_BYTES = 9;
/** Copies of a score of attention, or of the output layer, that exist at once. */
const COPIES = 3;

/** About how many bytes one user's search takes besides the weights, at the step that takes most. */
export function searchBytes(
  { architecture, trie, scoring, codeTokens, maxChildren }: SearchSetup,
  user: { promptLength: number; beamWidth: number; closed: number },
): number {
  const { promptLength, beamWidth, closed } = user;
  const { memory, attentionHeads, vocabularySize, hiddenSize } = architecture;
  const beams = beamsByDepth(trie, beamWidth);
  const steps = maxChildren.map((most, depth) => {
    const count = beams[depth] ?? 1;
    const places = scoring === "full" ? vocabularySize : (codeTokens[depth]?.length ?? 0);
    return count * (CHILD_BYTES * most + 4 * COPIES * places + COMPARED_BYTES * closed);
  });
  const prompt = 4 * COPIES * (attentionHeads * promptLength + 4 * hiddenSize) * promptLength;
  const kept = 8 * memory.layers * memory.keyValueHeads * memory.headSize;
  const nodes = beams.slice(1, -1).reduce((sum, count) => sum + count, 0);
  return kept * (promptLength + nodes) + Math.max(prompt, ...steps);
}

import { levelName } from "../graph/level-heads.js";
import type { Answers } from "./answers.js";

/**
 * What the heads of a heads draft say, for users whose trees are the root alone: the levels'
 * log-probabilities one behind the other. See graph/level-heads.ts.
 *
 * @param sizes codes of every level but the last
 */
export function levelAnswers(sizes: readonly number[]): Answers {
  const width = sizes.reduce((sum, size) => sum + size, 0);
  return {
    outputs: sizes.map((_, level) => levelName(level)),
    pack: () => ({}),
    read: (users, scores) =>
      users.map((_, row) => {
        const answer = new Float64Array(width);
        let to = 0;
        sizes.forEach((size, level) => {
          answer.set(scores[level]?.subarray(row * size, (row + 1) * size) ?? [], to);
          to += size;
        });
        return answer;
      }),
  };
}

import {
  gather,
  type SearchAnswer,
  type Searcher,
  type SearchProgram,
  type SearchRequest,
  searchNodes,
} from "@nightbeam/decoding";
import { RESPONSE_BYTES } from "../codec/answers.js";
import { sharedLeaves } from "../codec/closed-paths.js";
import { searchAnswerBytes } from "../codec/search-answers.js";
import type { AskSetup } from "./ask-setup.js";
import { searchExchange } from "./exchange.js";
import { splitCall } from "./groups.js";
import { endOthers, JobCalls, type JobOptions } from "./job-calls.js";

/** The verifiers as one job sees them: a `Searcher`. Any verifier may take any search. */
export class JobSearcher implements Searcher {
  readonly #setup: AskSetup;
  readonly #program: SearchProgram;
  readonly #calls: JobCalls;

  constructor(options: JobOptions & { readonly program: SearchProgram }) {
    this.#setup = options.setup;
    this.#program = options.program;
    this.#calls = new JobCalls(options);
  }

  /** @throws ProtocolError INVALID_CALL, INTERNAL, BAD_ANSWER, NO_VERIFIER, DEADLINE, CANCELLED, CLOSED */
  search(
    requests: readonly SearchRequest[],
    { beamWidth }: { beamWidth: number },
  ): Promise<readonly SearchAnswer[]> {
    const program = this.#program;
    return this.#calls.run((task) =>
      gather(requests, {
        groups: this.#split(requests, beamWidth),
        ask: async (asked, { size: { tokens } }) => {
          const group = { requests: asked, tokens, program, beamWidth };
          const exchange = searchExchange(this.#setup, group);
          const { answers } = await this.#calls.ask(exchange, task);
          return answers;
        },
        onFailure: endOthers(task),
      }),
    );
  }

  #split(requests: readonly SearchRequest[], beamWidth: number) {
    const { limits, trie } = this.#setup;
    const nodes = searchNodes(trie, beamWidth);
    // Sent once per call, and counted there.
    const shared = sharedLeaves(requests.map(({ closed }) => closed)).length;
    return splitCall(requests, {
      homeOf: () => undefined,
      sizeOf: ({ prompt, closed, drafted }) => ({
        tokens: prompt.length + nodes + (drafted?.length ?? 0) + closed.length - shared,
        answerBytes: searchAnswerBytes(beamWidth),
      }),
      max: {
        users: limits.usersPerCall,
        tokens: limits.tokensPerCall - shared,
        answerBytes: limits.messageBytes - RESPONSE_BYTES,
      },
    });
  }
}

import type { Trie } from "@nightbeam/catalogue";
import type {
  ScoreAnswer,
  ScoreRequest,
  SearchAnswer,
  SearchProgram,
  SearchRequest,
} from "@nightbeam/decoding";
import { decodeAnswers } from "../codec/answers.js";
import { encodeCall } from "../codec/encode-call.js";
import { encodeSearch } from "../codec/encode-search.js";
import { decodeSearchAnswers } from "../codec/search-answers.js";
import type {
  SearchResponse,
  VerifyResponse,
} from "../generated/nightbeam/verifier/v1/verifier.js";
import type { IdentityMessage } from "../identity.js";
import type { Link } from "./link.js";
import type { Reply, RoundTrip } from "./statistics.js";
import type { Task } from "./task.js";

/** Requests that go to one verifier together, and how they are sent and their answers read. */
export interface Exchange<Response extends Reply, Answer> {
  /** Upper bound of the model's rows. */
  readonly tokens: number;
  /** The verifier that has cached the prompts. */
  readonly home: string | undefined;
  /** One try. @throws as the methods of `Link` */
  send(link: Link, task: Task): Promise<RoundTrip<Response>>;
  /** @throws ProtocolError BAD_ANSWER */
  read(response: Response): Answer[];
}

/** A tree call. Keys are the client's. */
export function treeExchange(
  { trie, identity, client }: { trie: Trie; identity: IdentityMessage; client: bigint },
  group: { requests: readonly ScoreRequest[]; tokens: number; home: string | undefined },
): Exchange<VerifyResponse, ScoreAnswer> {
  const { requests, tokens, home } = group;
  const message = encodeCall(trie, { identity, client, requests, released: [] });
  return {
    tokens,
    home,
    send: (link, task) => link.verify(message, task),
    read: (response) => decodeAnswers(trie, requests, response),
  };
}

/** A call for whole searches. Any verifier may take it: nothing is kept between calls. */
export function searchExchange(
  { trie, identity }: { trie: Trie; identity: IdentityMessage },
  group: {
    readonly requests: readonly SearchRequest[];
    readonly tokens: number;
    readonly program: SearchProgram;
    readonly beamWidth: number;
  },
): Exchange<SearchResponse, SearchAnswer> {
  const { requests, tokens, program, beamWidth } = group;
  const message = encodeSearch(trie, { identity, program, beamWidth, requests });
  return {
    tokens,
    home: undefined,
    send: (link, task) => link.search(message, task),
    read: (response) => decodeSearchAnswers(trie, { users: requests.length, beamWidth }, response),
  };
}

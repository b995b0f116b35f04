import type { Trie } from "@nightbeam/catalogue";
import type {
  ScoreAnswer,
  ScoreRequest,
  Scoring,
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
import { type AuditTolerance, listsDifference, rowsDifference } from "./audit/agreement.js";
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
  /** What two verifiers' answers disagree about; undefined if nothing. */
  difference(first: readonly Answer[], second: readonly Answer[]): string | undefined;
}

/** What is the same for all exchanges of a client. */
interface Exchanging {
  readonly trie: Trie;
  readonly identity: IdentityMessage;
  readonly scoring: Scoring;
  /** Names the key space of tree calls. */
  readonly client: bigint;
  readonly auditing: { readonly tolerance: AuditTolerance };
}

/** A tree call. Keys are the client's. */
export function treeExchange(
  { trie, identity, client, scoring, auditing }: Exchanging,
  group: { requests: readonly ScoreRequest[]; tokens: number; home: string | undefined },
): Exchange<VerifyResponse, ScoreAnswer> {
  const { requests, tokens, home } = group;
  const message = encodeCall(trie, { identity, client, requests, released: [] });
  return {
    tokens,
    home,
    send: (link, task) => link.verify(message, task),
    read: (response) => decodeAnswers(trie, { requests, scoring }, response),
    difference: (first, second) => rowsDifference(first, second, auditing.tolerance),
  };
}

/** A call for whole searches. Any verifier may take it: nothing is kept between calls. */
export function searchExchange(
  { trie, identity, auditing }: Exchanging,
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
    read: (response) => decodeSearchAnswers(trie, { requests, beamWidth }, response),
    difference: (first, second) => listsDifference(first, second, auditing.tolerance),
  };
}

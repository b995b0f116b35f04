export type { TlsFiles } from "./channel-options.js";
export type { AuditTolerance } from "./client/audit/agreement.js";
export type { JobAnswers, VerifierShare } from "./client/audit/job-answers.js";
export type { ClientLimits } from "./client/client-limits.js";
export type { ClientLog, VerifierDirectory, VerifierEndpoint } from "./client/directory.js";
export type { ClientStatistics } from "./client/statistics.js";
export { type Distrust, TrustBook } from "./client/trust/trust-book.js";
export { VerifierClient, type VerifierClientOptions } from "./client/verifier-client.js";
export type { Answered, VerifiedCall } from "./codec/answers.js";
export type { SearchedCall } from "./codec/search-answers.js";
export { ProtocolError, type ProtocolErrorCode } from "./errors.js";
export type { CallLimits } from "./limits.js";
export {
  type AnsweredList,
  type ReceivedCaller,
  type ReceivedRequest,
  type RefusedRequest,
  type ServeRecommendationsOptions,
  serveRecommendations,
} from "./recommendations/serve-recommendations.js";
export type { GrpcServer } from "./server/grpc-server.js";
export type {
  ProgramStatus,
  ReceivedCall,
  ReceivedSearch,
  VerifierDescription,
  VerifyHandler,
} from "./server/handler.js";
export { type ServedVerifier, type ServeOptions, serveVerifier } from "./server/serve-verifier.js";

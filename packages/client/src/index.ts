export {
  type CallOptions,
  type ClientOptions,
  openClient,
  type RecommendClient,
} from "./client.js";
export { ClientError, type ClientErrorCode } from "./errors.js";
export {
  ERROR_STATUS,
  type ErrorAnswer,
  type ErrorCode,
  errorAnswerSchema,
  type ParsedRecommendRequest,
  type RecommendAnswer,
  type RecommendRequest,
  recommendAnswerSchema,
  recommendRequestSchema,
} from "./messages.js";

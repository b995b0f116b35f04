import { excerpts } from "@nightbeam/catalogue";
import { type ParsedRecommendRequest, recommendRequestSchema } from "@nightbeam/client";
import { issueText } from "@nightbeam/settings";
import { ServerError } from "../errors.js";

/** Checks a request. @throws ServerError BAD_REQUEST, which names the field and the remedy */
export function parseRequest(value: unknown): ParsedRecommendRequest {
  const parsed = recommendRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const message =
    issue?.code === "unrecognized_keys"
      ? `unknown: ${excerpts(issue.keys)}. Keys are ${Object.keys(recommendRequestSchema.shape).join(", ")}`
      : (issue?.message ?? "it is invalid");
  const place = path.length === 0 ? `The body: ${message}` : issueText({ path, message });
  throw new ServerError("BAD_REQUEST", `${place}.`);
}

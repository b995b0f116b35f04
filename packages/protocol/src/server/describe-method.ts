import type { handleUnaryCall } from "@grpc/grpc-js";
import type {
  DescribeRequest,
  DescribeResponse,
} from "../generated/nightbeam/verifier/v1/verifier.js";
import type { IdentityMessage } from "../identity.js";
import type { CallLimits } from "../limits.js";
import { programMessage } from "../programs.js";
import type { VerifyHandler } from "./handler.js";
import type { OpenCalls } from "./open-calls.js";
import { statusOf } from "./status-of.js";

/** Answers `Describe`. */
export function describeMethod(setup: {
  readonly handler: VerifyHandler;
  readonly identity: IdentityMessage;
  readonly limits: CallLimits;
  readonly calls: OpenCalls;
}): handleUnaryCall<DescribeRequest, DescribeResponse> {
  return (_call, callback) => {
    let response: DescribeResponse;
    try {
      const { programs, precision, version, ...load } = setup.handler.describe();
      response = {
        ...setup.identity,
        precision,
        version,
        cost: programs.find(({ program }) => program === "tree-scores")?.cost,
        programs: programs.map(({ program, cost }) => ({ program: programMessage(program), cost })),
        load,
        draining: setup.calls.refusing,
        limits: setup.limits,
      };
    } catch (error) {
      callback(statusOf(error));
      return;
    }
    callback(null, response);
  };
}

export type SettingsErrorCode =
  /** A draft's name lacks its path, or its path cannot be a draft. */
  | "BAD_DRAFT"
  /** Settings of a run on one machine are missing, wrong or do not fit together. */
  | "BAD_SETTINGS"
  /** The same for a request to a cluster. */
  | "BAD_REQUEST";

/** One thing that is wrong with settings. */
export interface SettingsIssue {
  /** Where it is, such as `["draft", 1]`. Empty if several settings do not fit together. */
  readonly path: readonly PropertyKey[];
  /** What to do about it. Other settings are named by their keys in backticks: `` `topK` ``. */
  readonly message: string;
}

/**
 * Settings that are wrong or do not fit together. The message names keys in backticks, so that a
 * command line can show its flags instead; `issues` has the parts of the message.
 */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code: SettingsErrorCode;
  readonly issues: readonly SettingsIssue[];

  constructor(code: SettingsErrorCode, issues: readonly SettingsIssue[], options?: ErrorOptions) {
    super(issues.map(issueText).join("; "), options);
    this.code = code;
    this.issues = issues.map(({ path, message }) => ({ path, message }));
  }
}

/** An issue as a sentence: `` `draft[1]`: give a text ``. */
export function issueText({ path, message }: SettingsIssue): string {
  const [key, ...rest] = path;
  if (key === undefined) return message;
  return `\`${String(key)}${rest.map((part) => `[${String(part)}]`).join("")}\`: ${message}`;
}

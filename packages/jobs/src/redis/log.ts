/** Where this package's connections say what happens to them; a pino logger satisfies it. */
export interface ConnectionLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

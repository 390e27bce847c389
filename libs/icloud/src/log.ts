type Write = (facts: Readonly<Record<string, unknown>>, message: string) => void;

/** Where the client says what it does. It never says a password, a code, a token, a cookie or the address of a file. */
export interface ICloudLog {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
}

export const silent: ICloudLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };

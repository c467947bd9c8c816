export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
}
export interface Message {
  readonly identities: readonly Buffer[];
  readonly header: Header;
  readonly parent: Partial<Header>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Buffer[];
}
export function parse(key: string, frames: readonly Buffer[]): Message;
export function compose(
  key: string,
  session: string,
  type: string,
  content: object,
  options?: {
    readonly parent?: { readonly header: Header };
    readonly identities?: readonly (Buffer | string)[];
    readonly metadata?: object;
    readonly buffers?: readonly Buffer[];
  },
): (Buffer | string)[];
export function parseContent(frames: readonly (Buffer | string)[]): Readonly<Record<string, unknown>>;

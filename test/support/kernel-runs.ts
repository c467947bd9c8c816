import { startKernel, type ExecuteFields, type KernelClient, type Message } from "../../src/notebook/kernel-client";

/** What a cell sent. */
export interface Ran {
  readonly reply: Message["content"];
  readonly outputs: readonly Message[];
  readonly types: readonly string[];
  /** What it printed. */
  readonly text: string;
}

export interface KernelRuns {
  readonly client: KernelClient;
  /** What the kernel wrote outside cells. */
  log(): string;
  /** Runs a cell; `onText` is called for each piece of text that it prints. */
  run(code: string, onText?: () => void, fields?: ExecuteFields): Promise<Ran>;
  /** Asks what has a reply, and gives its content. */
  ask(type: string, content: object): Promise<Message["content"]>;
}

/** A kernel for the tests of one file. */
export async function kernelRuns(cwd?: string): Promise<KernelRuns> {
  let log = "";
  const client = await startKernel({ ...(cwd === undefined ? {} : { cwd }), onLog: (text) => (log += text) });
  return {
    client,
    log: () => log,
    ask: async (type, content) => (await client.request(type, content)).content,
    async run(code, onText = () => undefined, fields = {}) {
      const outputs: Message[] = [];
      const take = (message: Message): void => {
        outputs.push(message);
        if (message.header.msg_type === "stream") onText();
      };
      const reply = await client.execute(code, take, fields);
      const text = outputs
        .filter(({ header }) => header.msg_type === "stream")
        .map(({ content }) => content["text"])
        .join("");
      return { reply: reply.content, outputs, types: outputs.map(({ header }) => header.msg_type), text };
    },
  };
}

/** Runs a cell that prints something; resolves when it has, to the run itself. */
export async function begun({ run }: Pick<KernelRuns, "run">, code: string): Promise<{ readonly ran: Promise<Ran> }> {
  let printed: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => (printed = resolve));
  const ran = run(code, () => printed());
  await heard;
  return { ran };
}

/** The content of a cell's first message of a type. */
export function find(ran: Ran, type: string): Message["content"] {
  const found = ran.outputs.find(({ header }) => header.msg_type === type);
  if (found === undefined) throw new Error(`expected a message ${type}, got ${ran.types.join(", ")}`);
  return found.content;
}

/** A cell's value as it is printed. */
export const valueOf = (ran: Ran): unknown =>
  (find(ran, "execute_result")["data"] as Readonly<Record<string, unknown>>)["text/plain"];

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onCommOpened, openComm, openComms } from "../../src/notebook/comm";
import { startKernel, type KernelClient, type Message } from "../../src/notebook/kernel-client";
import { until } from "../support/until";

const test = suite("notebook/comm");
let kernel: KernelClient;
test.before(async () => {
  kernel = await startKernel();
});
test.after(async () => kernel.close());

const load = 'const { openComm, onCommOpened, openComms } = await import("./src/notebook/comm");\n';
const published = async (act: (take: (message: Message) => void) => Promise<unknown>): Promise<readonly Message[]> => {
  const seen: Message[] = [];
  await act((message) => seen.push(message));
  return seen.filter(({ header }) => header.msg_type !== "status");
};
const run = (code: string): Promise<readonly Message[]> => published((take) => kernel.execute(code, take));
const tell = (comm_id: string, data: object, buffers: readonly Buffer[] = []): Promise<readonly Message[]> =>
  published((onOutput) => kernel.send("comm_msg", { comm_id, data }, { buffers, onOutput }));
const text = (messages: readonly Message[]): string =>
  messages
    .filter(({ header }) => header.msg_type === "stream")
    .map(({ content }) => content["text"])
    .join("");

test("a cell opens a comm, and a message that answers another has that one as its parent", async () => {
  const opened = await run(
    `${load}const heard: unknown[] = [];\nconst slider = openComm("jupyter.widget", { state: { value: 1 } }, { id: "s", metadata: { version: "2.1.0" },\n` +
      '  onMessage: (message) => { heard.push(message.data); slider.send({ method: "echo_update" }, { inReplyTo: message }); slider.send({ method: "update" }); } });',
  );
  const open = opened.find(({ header }) => header.msg_type === "comm_open");
  assert.equal(open?.content, { comm_id: "s", target_name: "jupyter.widget", data: { state: { value: 1 } } });
  assert.equal(open?.metadata, { version: "2.1.0" });

  const others: Message[] = [];
  const off = kernel.onPublished((message) => others.push(message));
  const answers = await tell("s", { method: "update", state: { value: 0.31 } });
  off();
  assert.equal(
    answers.map(({ content }) => content["data"]),
    [{ method: "echo_update" }],
  );
  const own = others.find(({ content }) => (content["data"] as { method?: string } | undefined)?.method === "update");
  assert.is(own?.parent.msg_id, open?.parent.msg_id, "without inReplyTo the parent is the last cell");
  assert.match(text(await run("console.log(JSON.stringify(heard))")), /0\.31/);
});

test("buffers arrive unchanged, to the kernel and back, views and offsets included", async () => {
  await run(
    `${load}const echo = openComm("bytes", {}, { id: "b", onMessage: ({ buffers }) => {\n` +
      "  const floats = new Float32Array(buffers[0].buffer.slice(buffers[0].byteOffset, buffers[0].byteOffset + 8));\n" +
      "  const sent = floats.map((x) => 2 * x);\n  echo.send({ n: buffers.length }, { buffers: [sent, new Uint8Array([9, 8, 7]).subarray(1)] });\n  sent.fill(0);\n} });",
  );
  const others: Message[] = [];
  const off = kernel.onPublished((message) => void (message.header.msg_type === "comm_msg" && others.push(message)));
  await tell("b", {}, [Buffer.from(new Float32Array([1.5, -2]).buffer), Buffer.from("x")]);
  off();
  const [message] = others;
  assert.equal(message?.content["data"], { n: 2 });
  assert.equal(message?.buffers[1], Buffer.from([8, 7]));
  assert.equal(new Float32Array(new Uint8Array(message?.buffers[0] ?? []).buffer), new Float32Array([3, -4]));
});

test("messages are handled while a cell runs, each with its busy and idle, and the kernel stays busy", async () => {
  const cell = run(
    `${load}let pressed = 0;\nconst button = openComm("button", {}, { id: "stop", onMessage: () => void (pressed += 1) });\n` +
      "while (pressed < 3) await new Promise((r) => setTimeout(r, 10));\nconsole.log(`pressed ${pressed}`);",
  );
  while (!("stop" in ((await kernel.request("comm_info_request", {})).content["comms"] as object)));
  const own: unknown[] = [];
  const all: unknown[] = [];
  const state = ({ header, content }: Message): readonly unknown[] =>
    header.msg_type === "status" ? [content["execution_state"]] : [];
  const off = kernel.onPublished((message) => all.push(...state(message)));
  for (let i = 0; i < 2; i++)
    await kernel.send(
      "comm_msg",
      { comm_id: "stop", data: {} },
      { onOutput: (message) => own.push(...state(message)) },
    );
  await until("the cell is said to be at work again", () => own.length === 4 && all.at(-1) === "busy");
  off();
  assert.equal(own, ["busy", "idle", "busy", "idle"]);
  await tell("stop", {});
  assert.is(text(await cell), "pressed 3\n");
});

test("the front end opens a comm with a known target; with an unknown one it is closed at once", async () => {
  await run(
    `${load}onCommOpened("control", (comm, { data }) => { comm.send({ got: data }); return { onClose: () => console.log("bye") }; });`,
  );
  const opened = await published((onOutput) =>
    kernel.send("comm_open", { comm_id: "c", target_name: "nobody", data: {} }, { onOutput }),
  );
  assert.equal(
    opened.map(({ header, content }) => [header.msg_type, content["comm_id"]]),
    [["comm_close", "c"]],
  );
  const others: Message[] = [];
  const off = kernel.onPublished((message) => others.push(message));
  await kernel.send("comm_open", { comm_id: "d", target_name: "control", data: { a: 1 } });
  await kernel.send("comm_close", { comm_id: "d", data: {} });
  await until("both were heard", () => /bye/.test(text(others)));
  off();
  assert.equal(others.find(({ header }) => header.msg_type === "comm_msg")?.content["data"], { got: { a: 1 } });
});

test("comm_info lists the open comms, all or those of one target, until they are closed", async () => {
  await run(`${load}const mine = openComm("listed", {}, { id: "l" });`);
  const comms = async (content: object): Promise<unknown> =>
    (await kernel.request("comm_info_request", content)).content["comms"];
  assert.equal(await comms({ target_name: "listed" }), { l: { target_name: "listed" } });
  assert.ok(Object.keys((await comms({})) as object).length > 1);
  const closed = await run(
    'openComms().find(({ id }) => id === "l")?.close();\nmine.send({ too: "late" });\nconsole.log(mine.isOpen());',
  );
  assert.equal(
    closed.map(({ header }) => header.msg_type),
    ["execute_input", "comm_close", "stream"],
  );
  assert.is(text(closed), "false\n");
  assert.equal(await comms({ target_name: "listed" }), {});
});

test("an error in a handler, also a later one, is shown and ends nothing; a message to a closed comm is ignored", async () => {
  await run(
    `${load}openComm("bad", {}, { id: "e", onMessage: async ({ data }) => { if (data.later) await null; throw new Error(data.later ? "later" : "at once"); } });`,
  );
  const others: Message[] = [];
  const off = kernel.onPublished((message) => others.push(message));
  await tell("e", { later: false });
  await tell("e", { later: true });
  await tell("gone", {});
  await until("both were told", () => /at once[\s\S]*later/.test(text(others)));
  off();
  assert.is((await kernel.execute("1")).content["status"], "ok");
});

test("outside a kernel nothing is sent and nothing comes", () => {
  const comm = openComm("jupyter.widget", {}, { id: "x" });
  comm.send({});
  comm.close();
  onCommOpened("t", () => ({}));
  assert.is(comm.id, "x");
  assert.is(comm.isOpen(), false);
  assert.equal(openComms(), []);
});

test.run();

import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startKernel, type KernelClient, type Message } from "../../src/notebook/kernel-client";

const test = suite("notebook/imports");
let kernel: KernelClient;
test.before(async () => {
  kernel = await startKernel();
});
test.after(async () => kernel.close());

/** Programs, started from a terminal or by a coordinator: importing one would run it. */
const isProgram = (file: string): boolean => /^(commandLine\(|await )/m.test(readFileSync(file, "utf8"));

const sources = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(name);
    return name.endsWith(".ts") && !isProgram(name) ? [name] : [];
  });

test("a cell can import every file of src", async () => {
  const files = sources("src");
  const lines = files.map((file, at) => `import * as m${at} from "./${file.replace(/\.ts$/, "")}";`);
  const used = files.map((_, at) => `m${at}`).join(", ");
  const outputs: Message[] = [];
  const code = `${lines.join("\n")}\n[${used}].every((m) => typeof m === "object");`;
  const { content } = await kernel.execute(code, (message) => outputs.push(message));
  assert.is(content["status"], "ok", String(content["evalue"]));
  const result = outputs.find(({ header }) => header.msg_type === "execute_result");
  assert.equal(result?.content["data"], { "text/plain": "true" });
});

test.run();

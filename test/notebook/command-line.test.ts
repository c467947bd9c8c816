import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { answer } from "../../src/notebook/command-line";

const test = suite("notebook/command-line");

/** A script with one option, and what it says. */
async function asked(words: readonly string[], failed?: number) {
  const said = { out: "", err: "", status: null as number | null };
  const streams = { out: (text: string) => (said.out += text), err: (text: string) => (said.err += text) };
  const main = (args: readonly string[]): Promise<number | null> => {
    const { values } = parseArgs({ args: [...args], options: { rate: { type: "string" } }, allowPositionals: true });
    if (values.rate === "bad") throw new Error("--rate: expected a number, got bad");
    return Promise.resolve(values.rate === "serve" ? null : 0);
  };
  said.status = await answer({ usage: "usage: npm run x", main, ...(failed !== undefined && { failed }) }, words, streams); // prettier-ignore
  return said;
}

test("--help and -h show the usage, whatever stands beside them, and end well", async () => {
  for (const words of [["--help"], ["-h"], ["--bogus", "--help"], ["a", "-h", "b"]])
    assert.equal(await asked(words), { out: "usage: npm run x\n", err: "", status: 0 });
});

test("after -- a word is a word", async () => {
  assert.equal(await asked(["--", "--help"]), { out: "", err: "", status: 0 });
});

test("words that cannot be read are told with the usage", async () => {
  const { err, status } = await asked(["--bogus"]);
  assert.is(err, "Unknown option '--bogus'\n\nusage: npm run x\n");
  assert.is(status, 2);
  assert.is((await asked(["--rate"])).status, 2);
});

test("an error that is not of the words has its own status, and no usage", async () => {
  assert.equal(await asked(["--rate", "bad"]), { out: "", err: "--rate: expected a number, got bad\n", status: 1 });
  assert.is((await asked(["--rate", "bad"], 2)).status, 2);
});

test("a server has no status yet", async () => {
  assert.is((await asked(["--rate", "serve"])).status, null);
});

test("every script of the project says how it is asked", async () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly scripts: Record<string, string> };
  const own = Object.entries(scripts).filter(([, command]) => /^node scripts\/\S+\.mjs/.test(command) && !command.includes("--only")); // prettier-ignore
  assert.ok(own.length >= 10);
  const said = await Promise.all(own.map(([name, command]) => output(command).then((text) => ({ name, text }))));
  for (const { name, text } of said) assert.match(text, new RegExp(`npm (run )?${name}\\b`), `${name} --help: ${text}`);
});

function output(command: string): Promise<string> {
  const [, ...words] = command.split(" ");
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...words, "--help"]);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
    child.on("close", (status) => resolve(status === 0 ? text : `status ${status}: ${text}`));
  });
}

test.run();

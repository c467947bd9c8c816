import { cpus } from "node:os";
import { execFileSync } from "node:child_process";
import { table } from "arquero";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { shown } from "../../src/notebook/display";
import { showProblem } from "../../src/notebook/problem-display";
import { commitNow, machineNow, measuredNow } from "../../src/notebook/provenance";
import { showTable } from "../../src/notebook/table-display";
import { asCell } from "../support/shown";
import { scratch } from "../support/scratch";
import { tinyProblem } from "../support/tiny-problem";

const test = suite("notebook/tables");

test("a table of one row is shown once, as HTML and as text, and is not printed again as a value", async () => {
  const { value, outputs } = await asCell(() =>
    showTable(table({ arm: ["<a>"], loss: [0.5] }), { caption: "measured" }),
  );
  assert.is(value[shown], true);
  assert.is(outputs.length, 1);
  const { data } = outputs[0].content;
  assert.match(String(data["text/html"]), "&lt;a&gt;");
  assert.not.match(String(data["text/html"]), "<a>");
  for (const text of Object.values(data)) assert.match(String(text), "measured");
  assert.match(String(data["text/plain"]), /arm +loss/);
});

test("a problem shows its texts per class, where they are from, and what was left out", async () => {
  const problem = await tinyProblem("bert", { dev: 100_000 });
  const { outputs, lines } = await asCell(() => showProblem(problem));
  assert.is(outputs.length, 1);
  const text = String(outputs[0].content.data["text/plain"]);
  for (const part of ["prototypes", "train", "dev", "test", ...problem.task.labels]) assert.match(text, part);
  assert.match(text, "TREC on tiny bert; data: trec from the samples, written for this project");
  assert.match(text, /\d+ repeated texts left out/);
  assert.ok(lines.includes('asked: "{question}", as one vector'));
  assert.ok(lines.some((line) => /^note: dev: 100000 asked for, \d+ there$/.test(line)));
});

test("a language model's prompt and words stand beside its texts", async () => {
  const { lines } = await asCell(async () => showProblem(await tinyProblem("llama")));
  assert.ok(
    lines.includes('asked: "{sentence} It was" with negative = " terrible", positive = " great"'),
    lines.join(),
  );
});

test("the commit is git's, and says when src has changes; outside a checkout it is unknown", async () => {
  const head = execFileSync("git", ["rev-parse", "--short=7", "HEAD"], { encoding: "utf8" }).trim();
  assert.ok([head, `${head}+changes`].includes(commitNow()));
  const outside = scratch();
  const root = process.cwd();
  try {
    process.chdir(outside.file("."));
    assert.is(commitNow(), "unknown");
  } finally {
    process.chdir(root);
    await outside.remove();
  }
});

test("the machine is processor, cores and instruction set; a measurement carries date, commit and what was said", () => {
  const machine = machineNow();
  assert.match(machine, `${cpus().length} cores, `);
  assert.ok(!machine.endsWith(", "));
  const origin = measuredNow({ model: "m", data: "d", seeds: [4] });
  assert.equal(origin, {
    kind: "measured",
    model: "m",
    data: "d",
    seeds: [4],
    date: new Date().toISOString().slice(0, 10),
    commit: commitNow(),
  });
});

test.run();

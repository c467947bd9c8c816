import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { LoadedModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import { adapterFor } from "../../src/experiment/adapter-for";
import { makeProblem } from "../../src/experiment/problem";
import { tokenScorer } from "../../src/model/token-scorer";
import { loadTask } from "../../src/task/load-task";
import type { Tokenizer } from "../../src/text/tokenizer";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";
import { tinyOptions } from "../support/tiny-problem";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("experiment/masked-problem");

/** Words folded into the ids from 10 on, so that they meet no special token. */
function folded(vocabulary: number): Tokenizer {
  const words = wordTokenizer();
  words.encode(" terrible great Description Entity Expression Human Location Number");
  const continuation = (text: string) => words.continuation(text).map((id) => 10 + (id % (vocabulary - 10)));
  const special = { unknown: 3, beginning: 0, end: 2, mask: 4, padding: 1 };
  return {
    ...words,
    vocabulary,
    special,
    encode: (text) => [0, ...continuation(text), 2],
    continuation,
    written: continuation,
  };
}

const { model } = tinyModel("roberta-masked");
const loaded: LoadedModel = { name: "tiny", title: "tiny roberta", model, tokenizer: folded(model.vocabulary) };

for (const name of ["sst2", "trec"])
  test(`a masked language model reads ${name} at the mask: the loss is that of the label words' log-probabilities`, async () => {
    const options = { ...tinyOptions, maxTokens: 14 };
    const problem = await makeProblem(loaded, await loadTask(name, { hub: "off" }), options, () =>
      Promise.reject(new Error("no prototypes are needed")),
    );
    const [batch] = problem.dev;
    const at = batch.input.scored as readonly number[];
    batch.input.ids.forEach((ids, b) => {
      assert.equal([ids[0], ids[at[b]], ids[ids.length - 1]], [0, 4, 2]);
      assert.is(ids.filter((id) => id === 4).length, 1);
    });
    assert.is(problem.sample.parts.prototypes.length, 0);

    // The other way: the log-probability of every label word at the mask, from the whole head's softmax.
    const classes = problem.task.labels.length;
    const words = Array.from({ length: classes }, (_, c) => problem.readout.head!.tokens[c]);
    const adapter = makeAdapter({ kind: "none" }, model);
    const scorer = referenceSession(tokenScorer(model), adapter);
    const { data } = await scorer.features([new Float32Array(0)], {
      ids: batch.input.ids,
      scored: at.map((position) => words.map(() => position)),
      targets: at.map(() => words),
    });
    const losses = batch.labels.map((label, b) => {
      const logs = [...data.subarray(b * classes, (b + 1) * classes)];
      return Math.log(logs.reduce((sum, log) => sum + Math.exp(log), 0)) - logs[label];
    });
    const expected = losses.reduce((a, b) => a + b, 0) / losses.length;
    const reference = referenceSession(model, adapter);
    const onnx = await onnxSession(model, adapter, { threads: 1 });
    for (const session of [reference, onnx]) {
      const [loss] = await problem.objective(session).losses([new Float32Array(0)], batch);
      assert.ok(Math.abs(loss - expected) < 1e-5, `${loss} is not ${expected}`);
      await session.dispose();
    }
  });

test("a LoRA that trains the head at the label words is given the problem's tokens; other adapters are as they were", async () => {
  const never = () => Promise.reject(new Error("no prototypes are needed"));
  const problem = await makeProblem(
    loaded,
    await loadTask("trec", { hub: "off" }),
    { ...tinyOptions, maxTokens: 14 },
    never,
  );
  const spec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"] } as const;
  const found = adapterFor({ ...spec, head: "label words" }, problem);
  assert.equal(found, { ...spec, head: problem.readout.head!.tokens });
  assert.is(adapterFor(spec, problem), spec);
  const { layout } = makeAdapter(found, model);
  assert.equal(layout.entries.find(({ name }) => name === "head.rows")?.shape, [6, model.width]);
  // prototypes, or a probe: no rows of a head
  const { rows, classes, width, scale } = problem.readout;
  const readout = { rows, classes, width, scale };
  const other = { ...problem, readout };
  throwsWith(
    () => adapterFor({ ...spec, head: "label words" }, other),
    "lora.head: expected a problem scored at label words of a head",
  );
});

test.run();

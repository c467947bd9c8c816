import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { onnxSession } from "../../src/engine/onnx/session";
import { findModel, missingModel, modelRoots } from "../support/models";
import { near } from "../support/near";
import { skipUnless } from "../support/skip";
import { readJson } from "../support/tiny-models";

const test = suite("engine/real-models");

interface Vector {
  readonly first: readonly number[];
  readonly norm: number;
}

interface Expected {
  readonly texts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly mean: Vector;
    readonly hidden: Vector;
    readonly logits: readonly { readonly id: number; readonly logit: number }[];
    readonly top: number;
  }[];
}

const withMiniLm = skipUnless(findModel("minilm") !== null, missingModel("minilm"));
const withSmolLm = skipUnless(findModel("smollm2") !== null, missingModel("smollm2"));
const NONE = new Float32Array(0);

withMiniLm(test, "MiniLM: token ids and sentence vectors are those of transformers", async () => {
  const { texts } = readJson("test/fixtures/weights/minilm-expected.json") as Expected;
  const { model, tokenizer } = loadModel("minilm", modelRoots());
  const session = await onnxSession(model, makeAdapter({ kind: "none" }, model.sites));
  try {
    const ids = texts.map(({ text }) => tokenizer.encode(text));
    assert.equal(
      ids,
      texts.map((t) => t.ids),
    );
    const { data, width } = await session.features([NONE], { ids });
    texts.forEach(({ mean }, b) => {
      const got = data.subarray(b * width, b * width + mean.first.length);
      near(
        got,
        mean.first.map((x) => x / mean.norm),
        1e-4,
        `text ${b}`,
      );
    });
  } finally {
    await session.dispose();
  }
});

withSmolLm(
  test,
  "SmolLM2: token ids, hidden states and logits are those of transformers on the same weights",
  async () => {
    const { texts } = readJson("test/fixtures/weights/smollm2-expected.json") as Expected;
    const { model, tokenizer } = loadModel("smollm2", modelRoots());
    const session = await onnxSession(model, makeAdapter({ kind: "none" }, model.sites));
    try {
      const ids = texts.map(({ text }) => tokenizer.encode(text));
      assert.equal(
        ids,
        texts.map((t) => t.ids),
      );
      const { data, width } = await session.features([NONE], { ids });
      texts.forEach(({ hidden, logits }, b) => {
        const feature = data.subarray(b * width, (b + 1) * width);
        near(feature.subarray(0, hidden.first.length), hidden.first, 1e-4, `text ${b}`);
        const rows = model.head?.rows(logits.map(({ id }) => id)) ?? NONE;
        const scored = logits.map((_, i) => feature.reduce((sum, x, h) => sum + x * rows[i * width + h], 0));
        near(
          scored,
          logits.map(({ logit }) => logit),
          1e-4,
          `logits of text ${b}`,
        );
      });
    } finally {
      await session.dispose();
    }
  },
);

test.run();

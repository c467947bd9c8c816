import { suite } from "uvu";
import * as assert from "uvu/assert";
import { askedText, classifierRecipe, parsedClassifier, taskOf } from "../../src/task/classifier-recipe";
import { sst2 } from "../../src/task/defs/sst2";
import { throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/classifier-recipe");
const limits = { context: 6 };
const example = { fields: { sentence: "a gripping film ." }, label: 1, where: { file: "x", line: 1 } };

test("a text is asked to the token as in training, and a longer one loses its beginning after which the word follows, or its end", () => {
  const words = wordTokenizer();
  const recipe = classifierRecipe(sst2, "pooled", limits, [example], words);
  assert.equal(askedText(recipe, example.fields, words), { ids: [0, 1, 2, 3], mask: null, cut: false });
  const seven = { sentence: "a gripping film . it is not" };
  const { ids, cut } = askedText(recipe, seven, words);
  assert.equal([words.decode(ids), cut], ["a gripping film . it is", true]);
  const causal = classifierRecipe(sst2, "causal", limits, [example], words);
  const asked = askedText(causal, seven, words);
  assert.match(words.decode(asked.ids), /not It was$/);
  assert.ok(asked.cut && asked.ids.length <= 6);
  throwsWith(() => askedText(recipe, { sentence: "" }, words), "expected at least one token");
});

test("the task of a recipe asks for no label, and JSON keeps all of it", () => {
  const recipe = classifierRecipe(sst2, "causal", { ...limits, cutTo: 5, beginning: "dropped" }, [example], wordTokenizer()); // prettier-ignore
  assert.equal(parsedClassifier("a.json", JSON.parse(JSON.stringify(recipe))), recipe);
  const { labelColumns, labels, own } = taskOf(recipe, "a.csv");
  assert.equal([labelColumns, labels, own], [[], ["negative", "positive"], undefined]);
});

test.run();

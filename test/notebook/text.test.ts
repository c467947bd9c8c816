import { suite } from "uvu";
import * as assert from "uvu/assert";
import { claims } from "../../src/notebook/claims";
import { kernelRegistry, type DisplayContent } from "../../src/notebook/kernel-registry";
import { measuredNow } from "../../src/notebook/provenance";
import { showText } from "../../src/notebook/text-display";
import { escapeMarkdown } from "../../src/table/escape";
import { throwsWith } from "../support/throws";

const test = suite("notebook/text");

test("sentences are shown as Markdown, and as they are where nothing draws it", () => {
  const sent: DisplayContent[] = [];
  kernelRegistry().publish = (content) => void sent.push(content);
  showText("The rank is **5**.", "- so small");
  kernelRegistry().publish = undefined;
  const text = "The rank is **5**.\n- so small";
  assert.equal(
    sent.map(({ data }) => data),
    [{ "text/markdown": text, "text/plain": text }],
  );
});

test("markup in sentences is shown and not read; a formula's sign stays", () => {
  const sent: DisplayContent[] = [];
  kernelRegistry().publish = (content) => void sent.push(content);
  showText("<img src=x onerror=hit()> $a < b$ </p><!-- -->", escapeMarkdown("*<b>* & [x](y)"));
  kernelRegistry().publish = undefined;
  const markdown = String(sent[0]?.data["text/markdown"]);
  assert.is(markdown, "&lt;img src=x onerror=hit()> $a < b$ &lt;/p>&lt;!-- -->\n\\*&lt;b\\>\\* &amp; \\[x\\](y)");
});

test("claims that hold are printed; those that do not are all named", () => {
  const printed: unknown[] = [];
  const log = console.log;
  console.log = (text: unknown) => void printed.push(text);
  claims({ "1 < 2": 1 < 2, "2 < 3": 2 < 3 });
  claims({ "1 < 2": true, "no loss is negative": null });
  console.log = log;
  assert.equal(printed, ["holds: 1 < 2\nholds: 2 < 3", "holds: 1 < 2\nnot measured yet: no loss is negative"]);
  throwsWith(
    () => claims({ "1 < 2": true, "2 < 1": false, "3 < 1": false }),
    "2 of 3 claims do not hold: 2 < 1; 3 < 1",
  );
  throwsWith(() => claims({}), "claims: expected at least one claim");
});

test("what a cell measures now carries today's date and a commit", () => {
  const origin = measuredNow({ model: "fresh adapters", data: "normal activations", seeds: [0] });
  assert.is(origin.kind, "measured");
  if (origin.kind !== "measured") return;
  assert.match(origin.date, /^\d{4}-\d\d-\d\d$/);
  assert.ok(origin.commit.length > 0);
});

test.run();

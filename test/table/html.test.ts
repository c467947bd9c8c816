import { from } from "arquero";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { faultRemark } from "../../src/experiment/faults";
import { formatNumber, formatRate } from "../../src/table/number";
import { describeOrigin } from "../../src/table/origin";
import { besideReported } from "../../src/table/reported";
import { spread } from "../../src/table/statistics";
import { toHtml } from "../../src/table/html";
import { toMarkdown, toText } from "../../src/table/text";
import { throwsWith } from "../support/throws";

const test = suite("table/html");

const table = (): ReturnType<typeof from> =>
  from([
    { arm: "AdaZeta", loss: spread([0.8, 0.9]), passes: 1824 },
    { arm: "MeZO <LoRA>", loss: spread([0.7]), passes: 400 },
  ]);

test("plain text stands in columns, with the best loss marked", () => {
  // mean of 0.8 and 0.9 is 0.850, sd = sqrt(2 * 0.05^2) = 0.0707
  assert.is(
    toText(table(), { caption: "measured here", best: { loss: "lowest" } }),
    [
      "measured here",
      "arm                    loss   passes",
      "-----------  ---------------  ------",
      "AdaZeta       0.850 ± 0.071    1,824",
      "MeZO <LoRA>  0.700 (1 seed)*     400",
    ].join("\n"),
  );
});

test("Markdown aligns numbers to the right and escapes what Markdown would read", () => {
  const lines = toMarkdown(table(), { best: { loss: "lowest" } }).split("\n");
  assert.match(lines[1]!, /^\| -+ \| -+: \| -+: \|$/);
  assert.ok(lines[3]!.includes("MeZO &lt;LoRA\\>"));
  assert.ok(lines[3]!.includes("**0.700 (1 seed)**"));
});

test("HTML marks the best, puts numbers to the right and escapes every text, names and caption too", () => {
  const html = toHtml(
    from([
      { "<i>": '<script>alert("x")</script>', n: 2 },
      { "<i>": "$a$ & b", n: 1 },
    ]),
    {
      caption: "<b>caption</b>",
      best: { n: "highest" },
    },
  );
  assert.not.match(html, /<script|<i>|<b>caption/);
  assert.ok(html.includes("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;"));
  assert.ok(html.includes("&#36;a&#36; &amp; b"));
  assert.ok(html.includes("&lt;b&gt;caption&lt;/b&gt;"));
  assert.match(html, /<td style="text-align: right;[^"]*"><strong[^>]*>2<\/strong><\/td>/);
  assert.match(html, /<td style="text-align: right;[^"]*">1<\/td>/);
});

test("names stay on one line, sentences get room, the first column stays, and no colour of letters is ours but on our grounds", () => {
  const sentence = "a sentence of a data set that is much longer than any name of an arm";
  const html = toHtml(from([{ arm: "MeZO-LoRA, smaller rate", text: sentence, "accuracy there (%)": 50 }]), {
    caption: "measured here",
  });
  const styleOf = (text: string): string =>
    new RegExp(`<t[dh] style="([^"]*)">${text.replace(/[()]/g, "\\$&")}<`).exec(html)![1]!;
  assert.match(styleOf("MeZO-LoRA, smaller rate"), "white-space: nowrap");
  assert.match(
    styleOf("MeZO-LoRA, smaller rate"),
    /position: sticky; left: 0; background-color: var\(--jp-layout-color0/,
  );
  assert.match(styleOf(sentence), "white-space: normal; min-width: 18em");
  assert.match(styleOf("accuracy there (%)"), "min-width: 18ch");
  assert.not.match(styleOf(sentence), "sticky");
  assert.match(html, /<div class="adazeta-table" style="overflow-x: auto;/);
  assert.not.match(html, / color: /);
});

test("texts that are numbers stand to the right too: rates, shares, counts of counts; names with digits do not", () => {
  const rows = [
    { rate: "3e-3", diverged: "4/5", share: "12.5 %", name: "rank 8", none: "-" },
    { rate: "1e-3", diverged: "0/5", share: "1 %", name: "8", none: null },
  ];
  const aligned = /style="text-align: (\w+)/g;
  const head = toHtml(from(rows)).split("</thead>")[0]!;
  assert.equal([...head.matchAll(aligned)].map(([, side]) => side), ["right", "right", "right", "left", "left"]); // prettier-ignore
});

test("ties are all marked, and a column of missing values has no best", () => {
  const tied = toHtml(
    from([
      { a: 1, b: null },
      { a: 1, b: null },
    ]),
    { best: { a: "lowest", b: "lowest" } },
  );
  assert.is(tied.split("<strong").length - 1, 2);
});

test("what a paper does not give is not found, what was not run here is not run", () => {
  const { table: both, options } = besideReported(
    [
      { what: "SST-2", reported: 90, measured: 91.5 },
      { what: "TREC", reported: null, measured: spread([86, 88]) },
      { what: "COPA", reported: 70, measured: null },
    ],
    "Table 2",
  );
  const text = toText(both, options);
  assert.match(text, /SST-2 +90 +91\.5 +1\.5/);
  assert.match(text, /TREC +not found +87\.0 ± 1\.4 +-/);
  assert.match(text, /COPA +70 +not run +-/);
  assert.match(toHtml(both, options), /#fdf0e0[^"]*font-style: italic;">90<.*#e3f1fb[^"]*">91\.5</);
  const counts = besideReported([{ what: "parameters", reported: null, measured: 8 }], "Table 2", "computed here");
  assert.match(toText(counts.table, counts.options), /computed here/);
  const others = besideReported([{ what: "loss", reported: 1, measured: 2 }], "Table 2", "measured here", false);
  assert.equal(others.table.columnNames(), ["quantity", "reported by Table 2", "measured here"]);
  throwsWith(() => besideReported([], "Table 2"), "rows: expected at least one quantity");
});

test("numbers are written as people write them", () => {
  assert.equal(
    [1824, 0.88648, 12.34, 0.003, -1234.5, 0, NaN, Infinity].map((value) => formatNumber(value)),
    ["1,824", "0.886", "12.3", "3e-3", "-1,235", "0", "not a number", "infinite"],
  );
  assert.equal([0.003, 1e-3, 3.3e-4, 0].map(formatRate), ["3e-3", "1e-3", "3.3e-4", "0"]);
});

test("an origin is one line, measured or reported", () => {
  assert.is(
    describeOrigin({
      kind: "measured",
      date: "2026-08-01",
      model: "MiniLM-L6",
      data: "TREC",
      seeds: [4, 0, 1, 2, 3],
      commit: "abcdef1234",
    }),
    "measured here, 2026-08-01, MiniLM-L6, TREC, seeds 0-4, commit abcdef1",
  );
  assert.is(
    describeOrigin({
      kind: "measured",
      date: "2026-08-01",
      model: "MiniLM-L6",
      data: "TREC",
      seeds: [0],
      commit: "abcdef1234",
      remark: faultRemark([{ fault: "last-weight" }, {}]),
    }),
    "measured here, 2026-08-01, MiniLM-L6, TREC, seed 0, commit abcdef1; " +
      "1 of 2 runs was made with one corrupted weight (repaired since; being made again)",
  );
  assert.is(describeOrigin({ kind: "reported", source: "Table 2" }), "reported by Table 2");
});

test("an option for a column that is not there is an error", () => {
  throwsWith(
    () => toHtml(table(), { best: { lost: "lowest" } }),
    'column: expected one of arm, loss, passes, got "lost"',
  );
});

test.run();

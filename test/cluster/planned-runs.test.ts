import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plannedFingerprint, plannedRuns, planningCode } from "../../src/cluster/planned-runs";
import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import { oddCells } from "../../src/experiment/oddities";
import { parseOptions } from "../../src/experiment/options";
import { throwsWith } from "../support/throws";

const test = suite("cluster/planned-runs");
const cells = cellsOf(experiments("tiny", "rates")[0]!);
const order = { experiment: "rates", scale: "tiny", oddities: [], key: cells[3]!.key };

test("an order names a run of one's own plans; of another experiment, scale or code there is none such", () => {
  const cellOf = plannedRuns();
  const found = cellOf(order)!;
  assert.equal([found.key, found.settings, found.arm], [order.key, cells[3]!.settings, cells[3]!.arm]);
  assert.is(typeof found.fitted, "function", "it has what no order could bring");
  assert.is(cellOf({ ...order, key: "0000000000000000" }), null);
  assert.is(cellOf({ ...order, experiment: "ablation" }), null);
  assert.is(cellOf({ ...order, experiment: "rate" }), null, "a beginning is no name");
  assert.is(cellOf({ ...order, scale: "full" }), null);
  const odd = oddCells(cells, { keepRepeats: true })[3]!;
  assert.is(cellOf({ ...order, key: odd.key }), null);
  assert.is(cellOf({ ...order, oddities: ["keepRepeats"], key: odd.key })?.key, odd.key);
});

test("what is no order is refused, naming the field", () => {
  const cellOf = plannedRuns();
  throwsWith(() => cellOf(null), "order: expected an object");
  throwsWith(() => cellOf({ ...order, experiment: 3 }), "order.experiment: expected a name");
  throwsWith(() => cellOf({ ...order, key: undefined }), "order.key: expected a name");
  throwsWith(() => cellOf({ ...order, scale: "huge" }), 'order.scale: expected "tiny" or "full"');
  throwsWith(() => cellOf({ ...order, oddities: "keepRepeats" }), "order.oddities: expected a list of names");
  throwsWith(() => cellOf({ ...order, oddities: ["sudo"] }), "--oddities: expected");
});

test("a fingerprint holds key, model, texts, code and engine", async () => {
  const code = planningCode();
  const madeOf = async () => ({ model: "m", texts: "t" });
  const { engine, ...rest } = await plannedFingerprint({ madeOf }, code)(cells[3]!);
  assert.equal(rest, { key: order.key, model: "m", texts: "t", code });
  assert.match(String(engine), /^\d+\.\d+\.\d+/);
  assert.match(String(code), /^[0-9a-f]{16}$/);
});

test("whole runs are asked of workers, which somebody must name", () => {
  assert.equal(parseOptions(["rates", "--whole-runs", "--ray", "auto"]).workers, { count: 4, ray: "auto" });
  assert.is(parseOptions(["rates", "--whole-runs", "--workers", "2", "--part", "0/2"]).wholeRuns, true);
  assert.is(parseOptions(["rates", "--workers", "2"]).wholeRuns, false);
  throwsWith(() => parseOptions(["rates", "--whole-runs"]), "--whole-runs: expected who makes them");
});

test.run();

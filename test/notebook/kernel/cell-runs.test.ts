import { createRequire } from "node:module";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const { createCellRuns } = createRequire(import.meta.url)("../../../src/notebook/kernel/cell-runs.cjs") as {
  createCellRuns(): CellRuns;
};
/** As the server tells it: each message a copy of its own. */
const created = () => {
  const runs = createCellRuns();
  const hear = (type: string, content: object, parent: object): void =>
    runs.hear(type, () => JSON.parse(JSON.stringify(content)) as object, parent);
  return { ...runs, hear };
};

interface CellRuns {
  beside(type: string, parent: object): object;
  hear(type: string, contentOf: () => object, parent: object): void;
  answer(comm: object, message: object): { onMessage(message: object): void };
}

const test = suite("notebook/kernel/cell-runs");

const request = (cell: string | undefined, run: string, type = "execute_request"): object => ({
  header: { msg_id: run, msg_type: type, session: "page" },
  metadata: { cellId: cell },
});
const asked = (runs: Pick<CellRuns, "answer">) => {
  const sent: { readonly runs: readonly Record<string, unknown>[] }[] = [];
  const page = runs.answer({ send: (data: { runs: [] }) => void sent.push(data) }, {});
  return { runs: sent[0]!.runs, page };
};
const stream = (text: string) => ["stream", { name: "stdout", text }] as const;
const shown = (id: string, data: object) => ({ data, metadata: {}, transient: { display_id: id } });

test("a page that comes later is told what a cell has shown: streams joined, displays as they are now", () => {
  const runs = created();
  const first = request("a", "1");
  assert.equal(runs.beside("execute_input", first), { cellId: "a" });
  runs.hear("execute_input", { code: "x", execution_count: 3 }, first);
  for (const text of ["one ", "two"]) runs.hear(...stream(text), first);
  runs.hear("display_data", shown("d", { "text/plain": "old" }), first);
  runs.hear("update_display_data", shown("d", { "text/plain": "new" }), request("b", "2", "comm_msg"));
  runs.hear("error", { ename: "Error", evalue: "", traceback: [] }, first);
  runs.hear(...stream("of no cell"), request(undefined, "9"));
  const [entry] = asked(runs).runs;
  assert.equal(
    [entry!["cell"], entry!["run"], entry!["code"], entry!["count"], entry!["over"]],
    ["a", "1", "x", 3, false],
  );
  assert.equal(entry!["outputs"], [
    { output_type: "stream", name: "stdout", text: "one two" },
    { output_type: "display_data", ...shown("d", { "text/plain": "new" }) },
    { output_type: "error", ename: "Error", evalue: "", traceback: [] },
  ]);
});

test("the cell's next run takes the place of the last; what a page has saved is kept no longer", () => {
  const runs = created();
  for (const run of ["1", "2"]) {
    runs.hear("execute_input", { code: run, execution_count: 1 }, request("a", run));
    runs.hear(...stream(run), request("a", run));
  }
  runs.hear(...stream("late"), request("a", "1"));
  const { runs: [entry], page } = asked(runs); // prettier-ignore
  assert.equal([entry!["run"], (entry!["outputs"] as unknown[]).length], ["2", 1]);
  page.onMessage({ data: { saved: ["2"] } });
  assert.is(asked(runs).runs.length, 1, "it still runs");
  runs.hear("status", { execution_state: "idle" }, request("a", "2"));
  page.onMessage({ data: { saved: ["1"] } });
  assert.is(asked(runs).runs[0]!["over"], true);
  page.onMessage({ data: { saved: ["2"] } });
  assert.equal(asked(runs).runs, []);
});

test("cells and letters are not kept without end", () => {
  const runs = created();
  for (let i = 0; i < 300; i++) runs.hear("execute_input", { code: "", execution_count: i }, request(`c${i}`, `r${i}`));
  for (let i = 0; i < 30; i++) runs.hear(...stream("x".repeat(100_000)), request("c299", "r299"));
  const kept = asked(runs).runs;
  assert.is(kept.length, 200);
  assert.is((kept.at(-1)!["outputs"] as { text: string }[])[0]!.text.length, 1_000_000);
});

test.run();

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { environment } from "../src/notebook/environment";
import { executeNotebook } from "../src/notebook/execute-notebook";
import { readNotebook } from "../src/notebook/notebook-file";
import { locateModel } from "../src/weights/locate-model";

const test = suite("notebooks");

/** How each notebook is run here: its parameters for a small budget, and the models that it needs. */
interface Budget {
  readonly set: Readonly<Record<string, unknown>>;
  readonly models: readonly string[];
}
const budgets = JSON.parse(readFileSync("test/notebooks.json", "utf8")) as Readonly<Record<string, Budget>>;
const notebooks = (existsSync("notebooks") ? readdirSync("notebooks") : [])
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => `notebooks/${name}`);

const missingModel = (models: readonly string[]): string | undefined =>
  models.find((model) => locateModel(model, environment().modelFolders).kind !== "here");

test("every notebook has a budget in test/notebooks.json, and every budget a notebook", () => {
  assert.equal(
    notebooks.filter((name) => budgets[name] === undefined),
    [],
  );
  assert.equal(
    Object.keys(budgets).filter((name) => !existsSync(name)),
    [],
  );
});

for (const [name, { set, models }] of Object.entries(budgets))
  test(`${name} runs from top to bottom`, async () => {
    const missing = missingModel(models);
    if (missing !== undefined) return console.log(`SKIP: ${name}: the model ${missing} is not installed`);
    const { error } = await executeNotebook(readNotebook(name), { env: { ADAZETA_SET: JSON.stringify(set) } });
    assert.is(error && `cell ${error.cell}: ${error.name}: ${error.message}`, undefined);
  });

test.run();

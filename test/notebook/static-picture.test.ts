import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { figureBundle } from "../../src/notebook/figure-display";
import { readNotebook, writeNotebook } from "../../src/notebook/notebook-file";
import { gallery } from "../plot/gallery";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";

interface SavedOutput {
  readonly output_type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const test = suite("notebook/static-picture");
const python = ".venv/bin/python";
const withJupyter = skipUnless(
  existsSync(python),
  "there is no Python environment: npm start -- --set-up-only makes it",
);

const kernelspec = { name: "tslab", display_name: "TypeScript (tslab)", language: "typescript" };
const views = { "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: "gone" } };

withJupyter(test, "nbconvert's page shows a figure's picture, also where its widget has no state", async () => {
  const folder = scratch();
  try {
    const figures = gallery();
    const outputs = [figureBundle(figures["lossBoth"]!), { ...figureBundle(figures["map"]!), ...views }].map(
      (data) => ({
        output_type: "display_data",
        data,
        metadata: {},
      }),
    );
    const cell = { cell_type: "code", id: "a", metadata: {}, source: "figures", outputs, execution_count: null };
    const notebook = { cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
    writeFileSync(folder.file("page.ipynb"), JSON.stringify(notebook));
    execFileSync(python, ["-m", "jupyter", "nbconvert", "--to", "html", folder.file("page.ipynb")], { stdio: "pipe" });
    const page = readFileSync(folder.file("page.html"), "utf8");
    for (const name of ["lossBoth", "map"]) {
      const picture = String(figureBundle(figures[name]!)["image/svg+xml"]);
      assert.ok(page.includes(Buffer.from(picture).toString("base64")), `${name} is in the page, as an image`);
    }
  } finally {
    await folder.remove();
  }
});

test("a notebook written here keeps the figure and the text of controls, not the view that only a live kernel can draw", async () => {
  const folder = scratch();
  try {
    const data = { "text/plain": "alpha: 0.85", ...figureBundle({ data: [{ y: [1, 2] }] }), ...views };
    const output = { output_type: "display_data", data, metadata: {} };
    const cell = { cell_type: "code", id: "a", metadata: {}, source: "explorer", outputs: [output] } as const;
    writeNotebook(folder.file("written.ipynb"), { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
    const [written] = readNotebook(folder.file("written.ipynb")).cells[0]!.outputs!;
    const kept = ["application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"];
    assert.equal(Object.keys(written!["data"] as object), kept);
  } finally {
    await folder.remove();
  }
});

test("committed notebooks have a picture beside each figure, and stay small", () => {
  for (const name of ["00-quickstart", "01-tensor-train-adapter", "02-divergence-vs-query-schedule"]) {
    const file = `notebooks/${name}.ipynb`;
    const bundles = readNotebook(file).cells.flatMap(({ outputs = [] }) =>
      outputs.map((output) => output["data"] as Readonly<Record<string, unknown>> | undefined),
    );
    const figures = bundles.filter((data) => data !== undefined && "application/vnd.plotly.v1+json" in data);
    assert.ok(figures.length > 3, name);
    for (const data of figures)
      assert.ok(data !== undefined && "image/svg+xml" in data, `${name}: a figure without a picture`);
    assert.ok(statSync(file).size < 500_000, `${name}: ${statSync(file).size} bytes`);
  }
});

/**
 * What VS Code draws of a saved output: by itself text, Markdown, HTML and pictures, and Plotly's figures with the renderers that come with its
 * Jupyter extension. Source: github.com/microsoft/vscode-notebook-renderers, README.
 */
const drawnByCode = [
  "text/plain",
  "text/html",
  "text/markdown",
  "image/svg+xml",
  "image/png",
  "application/vnd.plotly.v1+json",
];

test("every saved output is of a kind that VS Code draws, and a figure is also a picture where its renderers are missing", () => {
  const folder = "notebooks";
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ipynb"))) {
    const { cells, metadata } = readNotebook(`${folder}/${name}`);
    assert.is((metadata["kernelspec"] as { readonly language?: unknown }).language, "typescript", name);
    for (const { outputs = [] } of cells)
      for (const { output_type: type, data = {} } of outputs as readonly SavedOutput[]) {
        if (type !== "display_data" && type !== "execute_result") continue;
        const kinds = Object.keys(data);
        assert.ok(kinds.includes("text/plain"), `${name}: ${kinds.join()}`);
        assert.equal(
          kinds.filter((kind) => !drawnByCode.includes(kind)),
          [],
          name,
        );
        if (kinds.includes("application/vnd.plotly.v1+json")) assert.ok(kinds.includes("image/svg+xml"), name);
      }
  }
});

test.run();

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { loadModel } from "../../src/engine/load-model";
import { mergeAdapter } from "../../src/export/merge-adapter";
import { verification, verify, writeVerification } from "../../src/export/verification";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import type { SavedAdapter } from "../../src/weights/adapter-file";
import { savePeft } from "../../src/weights/peft-folder";
import { scratch } from "../support/scratch";
import { skipUnless } from "../support/skip";
import { tinyFolder } from "../support/tiny-folder";
import { hasPeft, hasTransformers, noPeft, noTransformers, ranByTransformers } from "../support/transformers";

const test = suite("export/verify-script");
const place = scratch();
test.after(() => place.remove());

function moved(model: Parameters<typeof makeAdapter>[1] & { readonly id: string }, spec: AdapterSpec): SavedAdapter {
  const { layout, initial } = makeAdapter(spec, model);
  const noise = normals(randomKey(8, "check", 0), layout.size);
  const point = initial(1).map((value, i) => value + 0.1 * noise[i]!);
  return { spec, layout, point, modelId: model.id, note: "drawn" };
}

const specs: readonly AdapterSpec[] = [
  { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  { kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "down"] },
  { kind: "tt-lora", rank: 4, alpha: 8, trainRank: 2, targets: ["key", "up"] },
  { kind: "tt-core", rank: 2, inner: 2, alpha: 8, targets: ["value", "down"] },
];

for (const name of ["llama", "bert"] as const)
  for (const spec of specs) {
    const at = `${name}-${spec.kind}`;
    const made = async (): Promise<readonly [folder: string, base: string]> => {
      const base = tinyFolder(name, place.file(`${at}-base`));
      const loaded = loadModel(base, []);
      const saved = moved(loaded.model, spec);
      const folder = place.file(at);
      savePeft(folder, saved, loaded.model, "", { "verify.json": await verification(loaded, saved, loaded) });
      return [folder, base];
    };
    test(`${at}, a PEFT folder: checked here, with its base and with another one`, async () => {
      const [folder, base] = await made();
      const { ok, message } = await verify(folder, loadModel(base, []));
      assert.ok(ok, message);
      const other = loadModel(
        tinyFolder(name === "llama" ? "llama-tied" : "bert-masked", place.file(`${at}-other`)),
        [],
      );
      assert.match((await verify(folder, other)).message, "this is another base: tuned was model.safetensors (");
    });

    // A Python takes seconds to start: two of the eight.
    if (at !== "llama-lora-xs" && at !== "bert-tt-lora") continue;
    skipUnless(hasPeft, noPeft)(
      test,
      `${at}, a PEFT folder: Python's script finds the same with transformers and PEFT, and says of another base that it is one`,
      async () => {
        const [folder, base] = await made();
        const right = ranByTransformers("scripts/verify.py", [folder, base]);
        assert.is(right.status, 0, right.told);
        assert.match(right.told, "largest difference: ");
        const other = tinyFolder(name === "llama" ? "llama-tied" : "bert-masked", place.file(`${at}-py`));
        const wrong = ranByTransformers("scripts/verify.py", [folder, other]);
        assert.is(wrong.status, 1);
        assert.match(wrong.told, "this is another base: ");
      },
    );
  }

skipUnless(hasTransformers, noTransformers)(
  test,
  "Python's script finds the same of a merged folder, and says so of a changed one",
  async () => {
    const base = loadModel(tinyFolder("llama", place.file("merged-base")), []);
    const { path } = await mergeAdapter(base, moved(base.model, specs[1]!), place.file("merged"));
    await writeVerification(path, loadModel(path, []), null, base);
    const right = ranByTransformers("scripts/verify.py", [path]);
    assert.is(right.status, 0, right.told);
    const weights = readFileSync(join(path, "model.safetensors"));
    weights.writeFloatLE(30, weights.length - 40);
    writeFileSync(join(path, "model.safetensors"), weights);
    const wrong = ranByTransformers("scripts/verify.py", [path]);
    assert.is(wrong.status, 1);
    assert.match(wrong.told, "not the same");
  },
);

test.run();

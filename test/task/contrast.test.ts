import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { dropping } from "../../src/adapter/dropping";
import { referenceSession } from "../../src/engine/reference/session";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { CONTRAST, contrastLoss } from "../../src/task/contrast";
import { promptedObjective, promptedReadout } from "../../src/task/prompted";
import { near } from "../support/near";
import { rejectsWith, throwsWith } from "../support/throws";
import { readJson, tinyModel } from "../support/tiny-models";

const test = suite("task/contrast");

type Rows = readonly (readonly number[])[];
const { mpmNce } = readJson("test/fixtures/golden/r-adapter.json") as {
  readonly mpmNce: {
    readonly image: Rows;
    readonly text: Rows;
    readonly labels: readonly number[];
    readonly cases: readonly {
      readonly logitScale: number;
      readonly smoothing: number;
      readonly margin: number;
      readonly loss: number;
      readonly imageGradient: Rows;
      readonly textGradient: Rows;
    }[];
  };
};

for (const { logitScale: scale, smoothing, margin, loss, imageGradient, textGradient } of mpmNce.cases)
  test(`scale ${scale}, smoothing ${smoothing}, margin ${margin}: loss and gradients are the source's`, () => {
    const { image, text, labels } = mpmNce;
    const settings = { scale, smoothing, margin };
    // The source rounds its targets to float32, which 0 and 1/2 survive and 0.49 does not.
    const tolerance = smoothing === 0 ? 1e-12 : 3e-8;
    const found = contrastLoss({ vectors: image.flat(), labels }, { vectors: text.flat(), labels }, 3, settings);
    near([found.loss], [loss], tolerance);
    near(found.byTexts, imageGradient.flat(), 2 * tolerance);
    near(found.byCaptions, textGradient.flat(), 2 * tolerance);
  });

test("worked: one class has no second term, far logits stay finite, and without a caption of its class a text is refused", () => {
  const same = { vectors: [1, 0, 1, 0], labels: [0, 0] };
  // Two equal logits: log 2, of which the target holds 1 - e.
  near([contrastLoss(same, same, 2, { scale: 10, smoothing: 0.02, margin: 0.05 }).loss], [0.98 * Math.log(2)], 1e-12);
  const apart = { vectors: [1, 0, -1, 0], labels: [0, 1] };
  const other = { vectors: [-1, 0, 1, 0], labels: [0, 1] };
  const far = contrastLoss(apart, other, 2, { scale: 2000, smoothing: 0, margin: 0 });
  near([far.loss], [4000], 1e-9);
  throwsWith(
    () => contrastLoss(apart, { vectors: [1, 0], labels: [0] }, 2, CONTRAST),
    "contrast: expected a caption of class 1 for each of its texts",
  );
  for (const [name, wrong] of [
    ["scale", 0],
    ["smoothing", 1],
    ["smoothing", -0.1],
    ["margin", NaN],
  ] as const)
    // prettier-ignore
    throwsWith(() => contrastLoss(same, same, 2, { ...CONTRAST, [name]: wrong }), `contrast.${name}`);
});

const { model } = tinyModel("bert");
const adapter = dropping(makeAdapter({ kind: "linear", placement: "roberta", rank: "full", scale: 0.5 }, model));
const noise = (index: number, by: number) =>
  normals(randomKey(41, "check", index), adapter.layout.size).map((value) => by * value);
const point = adapter.initial(0).map((value, i) => value + noise(0, 0.1)[i]!);
const captions = [[[3, 4, 5], [7, 4]], [[3, 6, 5, 9]]]; // prettier-ignore
const batch = { input: { ids: [[3, 9, 2], [8, 1], [4, 4, 4, 2], [11]] }, labels: [0, 1, 0, 1] }; // prettier-ignore

test("texts and captions at one point: derivatives and gradient are the losses' differences, with parts dropped too", async () => {
  const objective = promptedObjective(referenceSession(model, adapter), captions, { ...CONTRAST, scale: 10 });
  const keep = new Map(adapter.drops!.map((site, i) => [site, i % 2 === 0 ? 0 : 1.25]));
  const z = noise(1, 1);
  const losses: number[] = [];
  for (const given of [batch, { ...batch, input: { ...batch.input, keep } }]) {
    const at = (e: number) => point.map((value, i) => value + e * z[i]!);
    const [ahead, behind] = await objective.losses([at(1e-3), at(-1e-3)], given);
    const { loss, derivatives } = await objective.derivatives(point, [z], given);
    const { loss: same, gradient } = await objective.gradient!(point, given);
    near([loss, same], [...(await objective.losses([point], given)), loss], 1e-9);
    near(derivatives, [(ahead! - behind!) / 2e-3], 1e-2 * Math.abs(derivatives[0]!));
    near([gradient.reduce((sum, value, i) => sum + value * z[i]!, 0)], derivatives, 1e-4 * Math.abs(derivatives[0]!));
    losses.push(loss);
  }
  assert.is.not(losses[0], losses[1]);
});

test("captions read texts at the same point, and what cannot be read is refused", async () => {
  const session = referenceSession(model, adapter);
  const readout = await promptedReadout(session, captions, point, 10);
  assert.equal([readout.classes, readout.scale, readout.rows.length], [2, 10, 2 * model.width]);
  // One caption alone is its class's prototype.
  near(readout.rows.subarray(model.width), (await session.features([point], { ids: [captions[1]![0]!] })).data, 1e-6);
  const objective = promptedObjective(session, captions, CONTRAST);
  await rejectsWith(objective.losses([point], { ...batch, labels: [0, 1, 2, 0] }), "captions: expected captions of class 2"); // prettier-ignore
  await rejectsWith(objective.losses([point], { ...batch, labels: [0, 1] }), "batch.labels");
  await rejectsWith(objective.losses([point], { ...batch, input: { ...batch.input, scored: [0, 0, 0, 0] } }), "captions: expected an encoder whose texts are pooled"); // prettier-ignore
});

test.run();

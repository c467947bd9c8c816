import { fail, sameLength } from "../check/check";
import { rowsAt } from "../engine/rows";
import type { ModelSession, TokenBatch } from "../engine/session";
import type { Objective } from "../estimator/objective";
import type { LabelledBatch } from "./classifier";
import { contrastLoss } from "./contrast";
import type { Contrast, ContrastLoss } from "./contrast";
import { noGradient } from "./no-gradient";
import { prototypeReadout } from "./readout";
import type { Readout } from "./readout";

/** A task's classes said in words, as token ids, for an encoder that reads texts and captions alike: [C][T] captions, at least one a class. */
export type EncodedCaptions = readonly (readonly (readonly number[])[])[];

/** A batch with the captions that its texts are contrasted with. */
interface Joined {
  readonly input: TokenBatch;
  readonly texts: number;
  /** The row of each text's own caption in the whole batch. */
  readonly captionOf: readonly number[];
}

/**
 * Gives the contrast of texts with captions of their classes as a function of the adapter's parameters, both encoded at the same point in one batch: the
 * b-th text of a batch stands beside its class's caption b mod T, each caption is encoded once, and features are taken at unit length (`contrastLoss`).
 * For example `promptedObjective(session, captions, CONTRAST).losses([point], batch)`.
 * @throws when a class of a batch has no caption, or the session reads masks or last tokens
 */
export function promptedObjective(
  session: ModelSession,
  captions: EncodedCaptions,
  settings: Contrast,
): Objective<LabelledBatch> {
  const lossesOf = async (points: readonly Float32Array[], batch: LabelledBatch): Promise<readonly number[]> => {
    const joined = joinedBatch(batch, captions);
    const features = await session.features(points, joined.input);
    return points.map((_, p) => lossAt(rowsAt(features, p), features.width, joined, batch, settings).loss);
  };
  return {
    losses: lossesOf,
    async derivatives(point, directions, batch) {
      const joined = joinedBatch(batch, captions);
      const { primal, tangents } = await session.tangents(point, directions, joined.input);
      const { loss, slope } = lossAt(rowsAt(primal, 0), primal.width, joined, batch, settings);
      return {
        loss,
        derivatives: directions.map((_, p) =>
          rowsAt(tangents, p).reduce((sum, value, i) => sum + value * slope[i]!, 0),
        ),
      };
    },
    ...(session.base && { base: session.base }),
    ...noGradient(session),
    ...(session.gradient &&
      session.layout.factors === undefined && {
        async gradient(point, batch) {
          const joined = joinedBatch(batch, captions);
          let loss = NaN;
          const { gradient } = await session.gradient!(point, joined.input, (features) => {
            const found = lossAt(rowsAt(features, 0), features.width, joined, batch, settings);
            ({ loss } = found);
            return Float32Array.from(found.slope);
          });
          return { loss, gradient };
        },
      }),
  };
}

/**
 * Gives the readout that captions make at a point: each class's prototype is the mean direction of its captions.
 * For example `promptedReadout(session, captions, point, 100)`.
 */
export async function promptedReadout(
  session: ModelSession,
  captions: EncodedCaptions,
  point: Float32Array,
  scale: number | undefined,
): Promise<Readout> {
  const features = await session.features([point], { ids: captions.flat() });
  const labels = captions.flatMap((own, label) => own.map(() => label));
  return prototypeReadout(features, labels, captions.length, scale);
}

function joinedBatch({ input, labels }: LabelledBatch, captions: EncodedCaptions): Joined {
  sameLength("batch.labels", labels.length, input.ids.length);
  if (input.scored !== undefined) fail("captions", "an encoder whose texts are pooled", "texts with a scored position");
  const places = new Map<readonly number[], number>();
  const captionOf = labels.map((label, b) => {
    const own = captions[label] ?? fail("captions", `captions of class ${label}`, "none");
    const caption = own[b % own.length] ?? fail("captions", `captions of class ${label}`, "none");
    const place = places.get(caption) ?? labels.length + places.size;
    places.set(caption, place);
    return place;
  });
  return { input: { ...input, ids: [...input.ids, ...places.keys()] }, texts: labels.length, captionOf };
}

/** The loss, and its derivative by every row of the joined batch. */
function lossAt(
  rows: Float32Array,
  width: number,
  { texts, captionOf }: Joined,
  { labels }: LabelledBatch,
  settings: Contrast,
): Pick<ContrastLoss, "loss"> & { readonly slope: Float64Array } {
  const lengths = Float64Array.from({ length: rows.length / width }, (_, r) =>
    Math.sqrt(rows.subarray(r * width, (r + 1) * width).reduce((sum, value) => sum + value * value, 0)),
  );
  const unit = Float64Array.from(rows, (value, i) => value / lengths[Math.floor(i / width)]!);
  const of = (row: number): Float64Array => unit.subarray(row * width, (row + 1) * width);
  const captions = new Float64Array(texts * width);
  captionOf.forEach((row, b) => captions.set(of(row), b * width));
  const vectors = unit.subarray(0, texts * width);
  const found = contrastLoss({ vectors, labels }, { vectors: captions, labels }, width, settings);
  const byUnit = new Float64Array(rows.length);
  byUnit.set(found.byTexts);
  captionOf.forEach((row, b) => {
    for (let h = 0; h < width; h++) byUnit[row * width + h]! += found.byCaptions[b * width + h]!;
  });
  // u = f / |f|: dL/df = (dL/du - <dL/du, u> u) / |f|
  const slope = new Float64Array(rows.length);
  lengths.forEach((length, r) => {
    let along = 0;
    for (let h = 0; h < width; h++) along += byUnit[r * width + h]! * of(r)[h]!;
    for (let h = 0; h < width; h++) slope[r * width + h] = (byUnit[r * width + h]! - along * of(r)[h]!) / length;
  });
  return { loss: found.loss, slope };
}

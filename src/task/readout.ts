import { HEAD_COPY } from "../adapter/head";
import { fail, finiteNumber, sameLength } from "../check/check";
import type { Features, RowLoss } from "../engine/session";
import type { Head } from "../model/model";
import { addChangeInPlace, asFactorLayout, factorPlace, factorPlaces } from "../tree/factor-layout";
import type { FactorLayout } from "../tree/factor-layout";
import { view } from "../tree/layout";
import type { Entry, Layout } from "../tree/layout";
import { labelShares } from "./loss";

/**
 * A frozen linear readout of a model's features: score[c] = scale <feature, row_c> + bias_c.
 * `rows` [C, H] row-major; `bias` [C] or absent.
 */
export interface Readout {
  readonly rows: Float32Array;
  readonly classes: number;
  readonly width: number;
  readonly scale: number;
  readonly bias?: Float32Array;
  /** Where the rows come from, for points that hold the head's own weights (see `readoutAt`). */
  readonly head?: HeadRows;
}

/** The tensors whose rows a readout has, by name, and which rows. */
export interface HeadRows {
  readonly weight: string;
  readonly bias: string | null;
  readonly tokens: readonly number[];
}

/**
 * Computes scores of a batch in float64: S[p, b, c] = scale sum_h F[p, b, h] W[c, h] + bias[c].
 * @param features [points, B, H]
 * @returns [points, B, C], row-major
 * @throws when the features' width is not the readout's
 * @example scores({ rows: new Float32Array([1, 2]), classes: 1, width: 2, scale: 10 }, { data: Float32Array.of(3, 4), points: 1, texts: 1, width: 2 }) // [110]
 */
export function scores(readout: Readout, features: Features): Float64Array {
  return project(readout, features, readout.bias);
}

/**
 * Gives the scores' derivative along each direction, from the features' tangents: dS[p, b, c] = scale sum_h dF[p, b, h] W[c, h].
 * @param tangents [P, B, H]
 * @returns [P, B, C], row-major
 */
export function scoreTangents(readout: Readout, tangents: Features): Float64Array {
  return project(readout, tangents, undefined);
}

/**
 * Gives the loss's derivative by the features, from the one by the scores: dF[b, h] = scale sum_c dS[b, c] W[c, h].
 * @param scoreGradient [B, C]
 * @returns [B, H], row-major
 * @example featureGradient({ rows: new Float32Array([1, 2]), classes: 1, width: 2, scale: 10 }, new Float64Array([3])) // [30, 60]
 */
export function featureGradient({ rows, classes, width, scale }: Readout, scoreGradient: Float64Array): Float32Array {
  const texts = scoreGradient.length / classes;
  return Float32Array.from({ length: texts * width }, (_, i) => {
    const [b, h] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += scoreGradient[b * classes + c] * rows[c * width + h];
    return scale * sum;
  });
}

/**
 * Gives the mean cross-entropy of labelled texts under a readout, as a loss that an engine computes with its gradient in one call.
 * For example `session.gradient(point, batch.input, labelLoss(readout, batch.labels))`.
 * @param labels [B]
 * @throws when there is no label, or one is not a class
 */
export function labelLoss(readout: Readout, labels: readonly number[]): RowLoss {
  return shareLoss(readout, labelShares(readout.classes, labels));
}

/**
 * Gives shares of classes, as a teacher's, as a loss that an engine computes with its gradient in one call: the mean over texts of
 * -sum_c p_bc log q_bc, which is the divergence from the shares and, beside it, their own entropy.
 * For example `session.gradient(point, batch.input, shareLoss(readout, probabilities(teacher, classes)))`.
 * @param shares [B, C]
 * @throws when the shares are not one row a text
 */
export function shareLoss({ rows, classes, scale, bias }: Readout, shares: ArrayLike<number>): RowLoss {
  const texts = shares.length / classes;
  if (!Number.isInteger(texts) || texts === 0) fail("shares", `rows of ${classes} classes`, `${shares.length} numbers`);
  const scaled = scale === 1 ? rows : rows.map((value) => scale * value);
  return {
    weights: Array.from({ length: texts }, () => 1 / texts),
    classes: { rows: scaled, biases: bias ?? new Float32Array(classes), shares: Float32Array.from(shares) },
  };
}

function project(readout: Readout, features: Features, bias: Float32Array | undefined): Float64Array {
  const { rows, classes, width, scale } = readout;
  if (features.width !== width) fail("features width", `${width}, the readout's`, features.width);
  const vectors = features.points * features.texts;
  sameLength("features.data", features.data.length, vectors * width);
  const result = new Float64Array(vectors * classes);
  for (let v = 0; v < vectors; v++) {
    for (let c = 0; c < classes; c++) {
      let sum = 0;
      for (let h = 0; h < width; h++) sum += features.data[v * width + h] * rows[c * width + h];
      result[v * classes + c] = scale * sum + (bias ? bias[c] : 0);
    }
  }
  return result;
}

/**
 * Gives the readout at a point: rows and bias are the point's where its layout holds the head's own weights, as full-parameter training
 * does, or a copy of these rows (`trainedHead`); otherwise the readout as it is.
 * For example `readoutAt(readout, adapter.layout, point).rows`.
 * @throws when the copy is of another number of tokens
 */
export function readoutAt(readout: Readout, layout: Layout, point: Float32Array): Readout {
  const { head, width, rows, bias } = readout;
  if (layout.entries.some(({ name }) => name === HEAD_COPY.rows)) return copiedReadout(readout, layout, point);
  if (layout.factors !== undefined)
    return head ? changedReadout(readout, head, asFactorLayout(layout), point) : readout;
  const has = (name: string | null | undefined): name is string =>
    typeof name === "string" && layout.entries.some((entry) => entry.name === name);
  if (!head || !(has(head.weight) || has(head.bias))) return readout;
  const pick = (name: string, each: number): Float32Array => {
    const all = view(layout, point, name);
    const picked = new Float32Array(head.tokens.length * each);
    head.tokens.forEach((token, c) => picked.set(all.subarray(token * each, (token + 1) * each), c * each));
    return picked;
  };
  const biasAt = has(head.bias) ? pick(head.bias, 1) : bias;
  return { ...readout, rows: has(head.weight) ? pick(head.weight, width) : rows, ...(biasAt ? { bias: biasAt } : {}) };
}

/** What a direction adds to rows and bias: of left right^T it is dleft right^T + left dright^T. */
function changeAlong(still: Readout, layout: FactorLayout, point: Float32Array, z: Float32Array): Readout {
  const mixed = (side: "left" | "right"): Float32Array => {
    const both = point.slice();
    for (const place of factorPlaces(layout)) {
      const { offset, size } = place.kind === "dense" ? place.at : place[side];
      both.set(
        side === "right" && place.kind === "dense" ? new Float32Array(size) : z.subarray(offset, offset + size),
        offset,
      );
    }
    return both;
  };
  const along = readoutAt(still, layout, mixed("left"));
  if (along === still) return still;
  const other = readoutAt(still, layout, mixed("right"));
  return { ...along, rows: along.rows.map((value, i) => value + other.rows[i]) };
}

/** The readout whose rows and bias a point changes by its factors. */
function changedReadout(readout: Readout, head: HeadRows, layout: FactorLayout, point: Float32Array): Readout {
  const changed = (values: Float32Array, name: string | null): Float32Array => {
    const place = name === null ? null : factorPlace(layout, name);
    const out = values.slice();
    if (place !== null) addChangeInPlace(out, layout, place, point, head.tokens);
    return out;
  };
  const { rows, bias } = readout;
  return { ...readout, rows: changed(rows, head.weight), ...(bias && { bias: changed(bias, head.bias) }) };
}

function copiedReadout(readout: Readout, layout: Layout, point: Float32Array): Readout {
  const rows = view(layout, point, HEAD_COPY.rows);
  sameLength("head.rows", rows.length, readout.rows.length);
  return { ...readout, rows, ...(readout.bias && { bias: view(layout, point, HEAD_COPY.biases) }) };
}

/**
 * Gives what a direction adds to the scores' derivative through the head's own weights: dS[p, b, c] = scale (<F[b], dW_p[c]> + dbias_p[c]).
 * @param features [1, B, H] at the point
 * @param point where the layout is one of factors: a direction changes what their product there is
 * @returns [P, B, C], or null where the directions do not reach the head
 */
export function headTangents(
  readout: Readout,
  layout: Layout,
  features: Features,
  directions: readonly Float32Array[],
  point: Float32Array = new Float32Array(0),
): Float64Array | null {
  const still: Readout = {
    ...readout,
    rows: new Float32Array(readout.rows.length),
    ...(readout.bias ? { bias: new Float32Array(readout.bias.length) } : {}),
  };
  const moved = directions.map((z) =>
    readout.head && layout.factors ? changeAlong(still, asFactorLayout(layout), point, z) : readoutAt(still, layout, z),
  );
  if (moved.every((at) => at === still)) return null;
  const all = moved.map((at) => scores(at, features));
  const out = new Float64Array(all.length * (all[0]?.length ?? 0));
  all.forEach((values, p) => out.set(values, p * values.length));
  return out;
}

/**
 * Adds the loss's gradient by the head's own weights, where the layout holds them: dW[c] += scale sum_b dS[b, c] F[b], dbias[c] += sum_b dS[b, c].
 * @param features [1, B, H] at the point
 * @param scoreGradient dS [B, C]
 */
export function addHeadGradientInPlace(
  gradient: Float32Array,
  readout: Readout,
  layout: Layout,
  features: Features,
  scoreGradient: Float64Array,
): void {
  for (const { name, offset, size } of headTensors(readout, layout))
    addHeadTensorGradientInPlace(gradient.subarray(offset, offset + size), name, readout, features, scoreGradient);
}

/** Gives the tensors of a layout that a readout has its rows and biases of. */
export function headTensors({ head }: Readout, { entries }: Layout): readonly Entry[] {
  if (!head) return [];
  const names: readonly (string | null)[] = [HEAD_COPY.rows, HEAD_COPY.biases, head.weight, head.bias];
  return entries.filter(({ name }) => names.includes(name));
}

/** Adds the loss's gradient by one of them, as `addHeadGradientInPlace`. @param gradient [size of the tensor] */
export function addHeadTensorGradientInPlace(
  gradient: Float32Array,
  name: string,
  { head, classes, width, scale }: Readout,
  features: Features,
  scoreGradient: Float64Array,
): void {
  const copied = name === HEAD_COPY.rows || name === HEAD_COPY.biases;
  const isBias = name === HEAD_COPY.biases || name === head?.bias;
  head?.tokens.forEach((token, c) => {
    const row = copied ? c : token;
    for (let b = 0; b < features.texts; b++) {
      const slope = scoreGradient[b * classes + c];
      if (isBias) gradient[row] += slope;
      else for (let h = 0; h < width; h++) gradient[row * width + h] += scale * slope * features.data[b * width + h];
    }
  });
}

/**
 * Gives the readout of a language model at a head's rows of these label words; the head may be trained.
 * For example `headReadout(model.head, [13321, 1109])`.
 */
export function headReadout(head: Head, tokens: readonly number[]): Readout {
  return {
    ...labelWordReadout(head.rows(tokens), tokens.length, head.bias(tokens)),
    head: { weight: head.weight.name, bias: head.biases?.name ?? null, tokens },
  };
}

/**
 * Gives the readout of a language model: the head's rows of the label words, one per class. Cross-entropy over these scores equals
 * the one over the label words' log-probabilities, since the softmax's normaliser cancels.
 * @param rows [C, H]
 * @param bias [C]; null where the head has none
 * @throws when the rows do not divide into `classes` rows, or the bias has not one number a class
 */
export function labelWordReadout(rows: Float32Array, classes: number, bias: Float32Array | null = null): Readout {
  if (classes < 2 || rows.length === 0 || rows.length % classes !== 0)
    fail("rows", `${classes} rows of equal length, at least 2`, `${rows.length} numbers`);
  if (bias) sameLength("bias", bias.length, classes);
  return { rows, classes, width: rows.length / classes, scale: 1, ...(bias ? { bias } : {}) };
}

/**
 * Gives the readout of an encoder from k labelled texts per class: row_c = m_c / |m_c|, m_c = mean over class c of f / |f|.
 * With unit-length features the score is scale * cosine(feature, prototype).
 * @param features [1, n, H] of the labelled texts
 * @param labels [n], each in 0..classes-1
 * @param scale default 20
 * @throws when a class has no text, a feature is zero or not finite, or the mean of a class is zero
 */
export function prototypeReadout(
  features: Features,
  labels: readonly number[],
  classes: number,
  scale: number = PROTOTYPE_SCALE,
): Readout {
  finiteNumber("scale", scale);
  const { width } = features;
  const { sums } = classSums(features, labels, classes);
  const rows = new Float32Array(classes * width);
  for (let c = 0; c < classes; c++) {
    const sum = sums.subarray(c * width, (c + 1) * width);
    const length = norm(sum, `prototype of class ${c}`);
    sum.forEach((value, h) => (rows[c * width + h] = value / length));
  }
  return { rows, classes, width, scale };
}

/** The scale of prototypes that nobody fitted; the recorded studies have it. */
export const PROTOTYPE_SCALE = 20;

/**
 * Computes the cosines of labelled texts to the prototypes of all classes, each text left out of its own class's prototype: a text that helps to
 * make its prototype lies closer to it than another text of its class does.
 * @param features [1, n, H] of the labelled texts
 * @returns [n, C]; null where a class has one text alone, whose prototype nothing is left of
 * @throws as `prototypeReadout`
 */
export function leaveOneOutCosines(
  features: Features,
  labels: readonly number[],
  classes: number,
): Float64Array | null {
  const { width } = features;
  const { units, sums, counts } = classSums(features, labels, classes);
  if (counts.some((count) => count < 2)) return null;
  const cosines = new Float64Array(labels.length * classes);
  labels.forEach((label, text) => {
    const unit = units.subarray(text * width, (text + 1) * width);
    for (let c = 0; c < classes; c++) {
      let [along, square] = [0, 0];
      for (let h = 0; h < width; h++) {
        const sum = sums[c * width + h] - (c === label ? unit[h] : 0);
        along += sum * unit[h];
        square += sum * sum;
      }
      // Two opposite texts leave nothing: such a text is as near to this class as to a random one.
      cosines[text * classes + c] = square > 0 ? along / Math.sqrt(square) : 0;
    }
  });
  return cosines;
}

/** Labelled features at unit length [n, H], their sums by class [C, H] and how many each class has [C]. */
function classSums(
  { width, texts, data, points }: Features,
  labels: readonly number[],
  classes: number,
): { readonly units: Float64Array; readonly sums: Float64Array; readonly counts: readonly number[] } {
  if (points !== 1) fail("features.points", "1 (one point)", points);
  sameLength("labels", labels.length, texts);
  const units = Float64Array.from(data);
  const sums = new Float64Array(classes * width);
  const counts = new Array<number>(classes).fill(0);
  labels.forEach((label, text) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      fail(`labels[${text}]`, `a class in 0..${classes - 1}`, label);
    counts[label] += 1;
    const unit = units.subarray(text * width, (text + 1) * width);
    const length = norm(unit, `features of text ${text}`);
    for (let h = 0; h < width; h++) sums[label * width + h] += unit[h] /= length;
  });
  counts.forEach((count, c) => {
    if (count === 0) fail(`class ${c}`, "at least one labelled text for its prototype", 0);
  });
  return { units, sums, counts };
}

function norm(vector: Float64Array, what: string): number {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 && Number.isFinite(length)
    ? length
    : fail(what, "a finite vector other than zero", `norm ${length}`);
}

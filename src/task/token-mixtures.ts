import { modelWeights } from "../adapter/model-weights";
import { fail, positiveInteger, positiveNumber, sameLength } from "../check/check";
import type { TokenBatch } from "../engine/session";
import type { Model } from "../model/model";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { permutation } from "../random/permutation";
import { integers } from "../random/uniforms";

/** How texts are made that nobody wrote, as plain data. */
export interface MixtureSettings {
  /** M, tokens of the vocabulary that are mixed, drawn once. */
  readonly tokens: number;
  /** k, numbers of noise a token. */
  readonly latent: number;
  /** Standard deviation of a token's logits at the start: the larger, the closer is a mixture to one token. */
  readonly sharpness: number;
  /** Texts of a batch. */
  readonly texts: number;
  /** Tokens of a text between its ends, the fewest and the most. */
  readonly shortest: number;
  readonly longest: number;
}

/** The noise of a batch: what it is made of, but for the generator's weights. */
export interface MixtureNoise {
  /** The likeliest token of each place stands for it, between the ends that texts have; all are read as they are without an offset. */
  readonly input: TokenBatch;
  /** Packed rows of the places that are mixed. */
  readonly places: readonly number[];
  /** Tokens of the batch. */
  readonly count: number;
  /** z [places, k]. */
  readonly noise: Float32Array;
  /** The token, of the M, that each place's offset is counted from [places]. */
  readonly standing: readonly number[];
}

/** A generator of texts as mixtures of tokens' embeddings. */
export interface TokenMixtures {
  /** M k. */
  readonly size: number;
  /** A [M, k] at the start. */
  initial(): Float32Array;
  /** Draws the noise of a batch; another `draw` is another batch. */
  noise(draw: number): MixtureNoise;
  /** What is added to the embeddings of a batch's tokens [T, width] so that they are the mixtures. */
  offset(weights: Float32Array, batch: MixtureNoise): Float32Array;
  /** From the derivative by the offset to the one by A [M k]. */
  pullBack(weights: Float32Array, batch: MixtureNoise, gradient: Float32Array): Float32Array;
}

/**
 * Makes a generator G of texts that nobody wrote: at each place softmax(A z / sqrt(k)) E, a mixture of M rows of the model's own embedding table E, with
 * z = (u + v) / sqrt(2), u the text's noise and v the place's, standard normals. A is trained, E is not.
 * @param model whose embedding table is mixed
 * @param ends token ids that every text begins and ends with (of an encoder its [CLS] and [SEP])
 * @throws when a setting is out of range
 * Source: ours. In ZSAQ, arXiv 2310.13315, a causal language model writes and a feature adaptation module turns its outputs into the student's
 *   inputs; its form was not found.
 */
export function tokenMixtures(
  model: Model,
  settings: MixtureSettings,
  ends: { readonly first: readonly number[]; readonly last: readonly number[] },
  seed: number,
): TokenMixtures {
  const { tokens, latent, sharpness, texts, shortest, longest } = settings;
  for (const field of ["tokens", "latent", "texts", "shortest", "longest"] as const)
    positiveInteger(`mixtures.${field}`, settings[field]);
  positiveNumber("mixtures.sharpness", sharpness);
  if (tokens > model.vocabulary) fail("mixtures.tokens", `at most ${model.vocabulary}, the model's`, tokens);
  const outer = ends.first.length + ends.last.length;
  if (shortest > longest || longest + outer > model.context)
    fail("mixtures.longest", `${shortest} to ${model.context - outer} tokens, which the model reads`, longest);
  const width = model.embeddingWidth;
  const table =
    modelWeights(model).find(
      ({ part, shape }) => part === "embeddings" && shape[0] === model.vocabulary && shape[1] === width,
    ) ?? fail("mixtures", "a model with an embedding table of its vocabulary", model.family);
  const bank = permutation(randomKey(seed, "generator", 0), model.vocabulary).slice(0, tokens);
  const all = table.read();
  const rows = new Float32Array(tokens * width);
  bank.forEach((token, m) => rows.set(all.subarray(token * width, (token + 1) * width), m * width));
  const shares = (weights: Float32Array, { noise, places }: MixtureNoise): Float64Array =>
    mixtureShares(weights, noise, { places: places.length, tokens, latent });
  return {
    size: tokens * latent,
    initial: () => normals(randomKey(seed, "generator", 1), tokens * latent).map((value) => sharpness * value),
    noise(draw) {
      const lengths = integers(randomKey(seed, "generator", 2, draw), texts, longest - shortest + 1).map((n) => n + shortest); // prettier-ignore
      const count = lengths.reduce((sum, n) => sum + n, 0);
      const standing = integers(randomKey(seed, "generator", 3, draw), count, tokens);
      const own = normals(randomKey(seed, "generator", 4, draw), count * latent);
      const shared = normals(randomKey(seed, "generator", 5, draw), texts * latent);
      const noise = new Float32Array(count * latent);
      const places: number[] = [];
      const ids: number[][] = [];
      let [at, row] = [0, 0];
      lengths.forEach((length, text) => {
        row += ends.first.length;
        for (let t = 0; t < length; t++, at++, row++) {
          places.push(row);
          for (let j = 0; j < latent; j++)
            noise[at * latent + j] = (own[at * latent + j]! + shared[text * latent + j]!) / Math.SQRT2;
        }
        row += ends.last.length;
        const between = standing.slice(at - length, at).map((m) => bank[m]!);
        ids.push([...ends.first, ...between, ...ends.last]);
      });
      return { input: { ids }, places, count: row, noise, standing };
    },
    offset(weights, batch) {
      sameLength("generator", weights.length, tokens * latent);
      const p = shares(weights, batch);
      const out = new Float32Array(batch.count * width);
      const sum = new Float64Array(width);
      batch.places.forEach((row, i) => {
        const from = batch.standing[i]! * width;
        for (let h = 0; h < width; h++) sum[h] = -rows[from + h]!;
        for (let m = 0; m < tokens; m++) {
          const share = p[i * tokens + m]!;
          if (share < LEAST_SHARE) continue;
          for (let h = 0; h < width; h++) sum[h]! += share * rows[m * width + h]!;
        }
        out.set(sum, row * width);
      });
      return out;
    },
    pullBack(weights, batch, gradient) {
      sameLength("gradient by the offset", gradient.length, batch.count * width);
      const p = shares(weights, batch);
      const out = new Float64Array(tokens * latent);
      const slopes = new Float64Array(tokens);
      batch.places.forEach((row, i) => {
        const own = gradient.subarray(row * width, (row + 1) * width);
        let middle = 0;
        for (let m = 0; m < tokens; m++) {
          const share = p[i * tokens + m]!;
          let slope = 0;
          if (share >= LEAST_SHARE) for (let h = 0; h < width; h++) slope += own[h]! * rows[m * width + h]!;
          slopes[m] = slope;
          middle += share * slope;
        }
        for (let m = 0; m < tokens; m++) {
          const share = p[i * tokens + m]!;
          if (share < LEAST_SHARE) continue;
          const by = (share * (slopes[m]! - middle)) / Math.sqrt(latent);
          for (let j = 0; j < latent; j++) out[m * latent + j]! += by * batch.noise[i * latent + j]!;
        }
      });
      return Float32Array.from(out);
    },
  };
}

/** A smaller share of a mixture is left out of it: together they are less than rounding. */
const LEAST_SHARE = 1e-9;

/** softmax(A z / sqrt(k)) [places, M]. */
function mixtureShares(
  weights: Float32Array,
  noise: Float32Array,
  { places, tokens, latent }: { readonly places: number; readonly tokens: number; readonly latent: number },
): Float64Array {
  const out = new Float64Array(places * tokens);
  for (let i = 0; i < places; i++) {
    let top = -Infinity;
    for (let m = 0; m < tokens; m++) {
      let logit = 0;
      for (let j = 0; j < latent; j++) logit += weights[m * latent + j]! * noise[i * latent + j]!;
      top = Math.max(top, (out[i * tokens + m] = logit / Math.sqrt(latent)));
    }
    let total = 0;
    for (let m = 0; m < tokens; m++) total += out[i * tokens + m] = Math.exp(out[i * tokens + m]! - top);
    for (let m = 0; m < tokens; m++) out[i * tokens + m]! /= total;
  }
  return out;
}

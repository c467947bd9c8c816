import { fail, heldNumber, nonNegativeInteger, perturbation } from "../../check/check";
import { randomKey } from "../../random/key";
import { normalsInto } from "../../random/normals";
import { norm, scaleInPlace } from "../../tree/vector";
import { checkParts, meanOverParts, needsParts, partsOf } from "../batch-parts";
import type { Objective, PerturbedInputs } from "../objective";
import type { Estimate, ProbeKind } from "../probe";
import { gradientOf } from "./backpropagation";

/** Who chooses the direction in which a text's embeddings are moved. */
const PLAYERS = ["gradient", "random"] as const;

/** How inputs are moved before the gradient is taken. */
export interface Adversarial {
  /** `gradient`: each text moves where its own loss rises most; `random`: as far, anywhere. */
  readonly player: (typeof PLAYERS)[number];
  /** r: how far a text's embeddings are moved, all of its tokens together. */
  readonly radius: number;
  /** s: standard deviation of the noise that they are moved by before; 0: none. */
  readonly spread: number;
  /** The first step in which they are moved; those before it take the plain gradient. */
  readonly from: number;
  /** Into so many parts a batch is divided, one after another; changes no number but by rounding. Absent: it is taken whole. */
  readonly parts?: number;
}

/**
 * The gradient at inputs that an adversary has moved, text by text, before the weights answer:
 *     d0 ~ N(0, s^2 I),  d = d0 + r u,  g = grad_w L(w, x + d)
 *     player gradient: u = grad_d L(w, x + d0) / |grad_d L(w, x + d0)|;  random: u = n / |n|, n ~ N(0, I)
 * of each text alone, so that both players move it as far. A text without a gradient stays at d0. The step's loss is that at x + d. It costs two
 * forward and two backward passes for each part of the batch, one and one where the player is random and in the steps before `from`.
 * Source: the order, noise first and then the weights, is that of ScaLA, arXiv 2201.12469, by its abstract. Departs: its text was not found; the
 *   single normalised step, its length for each text and the delay in steps are ours.
 */
export const adversarial: ProbeKind<Adversarial> = {
  check(what, spec) {
    const { player, radius, spread, from } = spec;
    if (!PLAYERS.includes(player)) fail(`${what}.player`, PLAYERS.join(" or "), player);
    perturbation(`${what}.radius`, radius);
    heldNumber(`${what}.spread`, spread);
    nonNegativeInteger(`${what}.from`, from);
    checkParts(what, spec);
  },
  passes: ({ player, from, parts = 1 }) => ({
    once: (player === "gradient" ? 2 : 1) * parts,
    perQuery: 0,
    ...(from > 0 && { first: { steps: from, once: parts } }),
  }),
  needs({ from, parts = 1 }, objective) {
    inputsOf(objective);
    if (from > 0) gradientOf(objective);
    needsParts("probe.parts", parts, objective);
  },
  exact: true,
  async measure(spec, objective, point, { batch, at: { seed, step } }, { gradient }): Promise<Estimate> {
    const { player, radius, spread, from, parts = 1 } = spec;
    const divided = partsOf("probe.parts", objective, batch, parts);
    const estimateOf = (loss: number, passes: number): Estimate => ({
      projectedGradients: [],
      loss,
      forwardPasses: passes * divided.length,
      backwardPasses: passes * divided.length,
      gradientNorm: norm(gradient),
    });
    if (step < from) {
      const plain = gradientOf(objective);
      return estimateOf(await meanOverParts(divided, gradient, (part) => plain(point, part)), 1);
    }
    const inputs = inputsOf(objective);
    /** Texts in the parts before: a text's noise is the same however the batch is divided. */
    let before = 0;
    let bad = false;
    const loss = await meanOverParts(divided, gradient, async (part) => {
      const sizes = inputs.sizes(part);
      const noise = (which: number): Float32Array => {
        const all = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
        if (which === 0 && spread === 0) return all;
        eachText(sizes, (begin, end, text) =>
          normalsInto(randomKey(seed, "perturbing", step, before + text, which), all.subarray(begin, end)),
        );
        return all;
      };
      const offset = noise(0);
      scaleInPlace(offset, spread);
      const asked = player === "gradient" ? await inputs.gradient(point, part, offset, "offset") : null;
      const up = asked?.gradient ?? noise(1);
      bad ||= !Number.isFinite(norm(up));
      eachText(sizes, (begin, end) => {
        const own = up.subarray(begin, end);
        const length = norm(own);
        if (length > 0) for (let i = 0; i < own.length; i++) offset[begin + i] += (radius * own[i]) / length;
      });
      before += sizes.length;
      const found = await inputs.gradient(point, part, offset, "point");
      return asked === null || Number.isFinite(asked.loss) ? found : { ...found, loss: asked.loss };
    });
    const found = estimateOf(loss, player === "gradient" ? 2 : 1);
    return bad ? { ...found, gradientNorm: NaN, notFinite: "offset of the embeddings" } : found;
  },
};

function eachText(sizes: readonly number[], see: (begin: number, end: number, text: number) => void): void {
  let at = 0;
  for (const [text, size] of sizes.entries()) see(at, (at += size), text);
}

/** Gives what an objective has of its inputs. @throws when nothing can be added to them */
function inputsOf<Batch>({ inputs, noGradient, without }: Objective<Batch>): PerturbedInputs<Batch> {
  return (
    inputs ??
    fail(
      "probe",
      `an objective whose inputs can be moved: a task's loss by classes, on an engine that gives gradients${reason(without ?? noGradient)}`,
      "adversarial on one without",
    )
  );
}

const reason = (why: string | undefined): string => (why === undefined ? "" : ` (here: ${why})`);

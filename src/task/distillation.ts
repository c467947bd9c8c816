import { fail, sameLength } from "../check/check";
import type { EmbeddingOffset, Features, ModelSession, TokenBatch } from "../engine/session";
import type { Objective } from "../estimator/objective";
import { mean } from "../tree/mean";
import { crossEntropyOfShares, probabilities } from "./loss";
import { noGradient } from "./no-gradient";
import { featureGradient, scores, shareLoss } from "./readout";
import type { Readout } from "./readout";

/** Texts and what a teacher says of them. */
export interface TaughtBatch {
  readonly input: TokenBatch;
  /** The teacher's probabilities [B, C]. */
  readonly shares: Float64Array;
  /** Added to the tokens' embeddings [T, embedding width], where the teacher read them so; absent: nothing. */
  readonly offset?: Float32Array;
}

/**
 * Computes how far a student's answers are from a teacher's: KL_b = sum_c p_bc (log p_bc - log q_bc) with p = softmax(teacher), q = softmax(student),
 * in nats; mean over b.
 * @param teacher scores [B, C]
 * @param student scores [B, C]
 * @throws when lengths disagree
 * @example divergence(new Float64Array([0, 0]), new Float64Array([0, 0]), 2).mean // 0
 */
export function divergence(
  teacher: Float64Array,
  student: Float64Array,
  classes: number,
): { readonly mean: number; readonly perExample: Float64Array } {
  sameLength("student", student.length, teacher.length);
  const shares = probabilities(teacher, classes);
  const { perExample: cross } = crossEntropyOfShares(student, classes, shares);
  const { perExample: own } = crossEntropyOfShares(teacher, classes, shares);
  const perExample = cross.map((value, b) => value - own[b]!);
  return { mean: mean([...perExample]), perExample };
}

/**
 * Gives the mean divergence's derivative by each score, of the teacher: p (log p - log q - KL_b) / B, and of the student: (q - p) / B.
 * @returns [B, C] each
 */
export function divergenceGradients(
  teacher: Float64Array,
  student: Float64Array,
  classes: number,
): { readonly teacher: Float64Array; readonly student: Float64Array } {
  const { perExample } = divergence(teacher, student, classes);
  const [p, q] = [probabilities(teacher, classes), probabilities(student, classes)];
  const texts = perExample.length;
  return {
    teacher: p.map((share, i) => {
      const b = Math.floor(i / classes);
      // log p - log q from the scores: a share of 0 has no logarithm.
      const [own, other] = [logShare(teacher, p, b, i, classes), logShare(student, q, b, i, classes)];
      return (share * (own - other - perExample[b]!)) / texts;
    }),
    student: q.map((share, i) => (share - p[i]!) / texts),
  };
}

/** log of a share: its score less that of the largest, whose share is at least 1 / C. */
function logShare(all: Float64Array, shares: Float64Array, b: number, i: number, classes: number): number {
  let top = b * classes;
  for (let c = top; c < (b + 1) * classes; c++) if (all[c]! > all[top]!) top = c;
  return all[i]! - all[top]! + Math.log(shares[top]!);
}

/**
 * Gives the loss of a student as a function of its parameters: the mean divergence of its answers from a teacher's, KL(p || q).
 * @param readout of both, frozen
 * @throws when the readout's width is not the session's; losses and derivatives along directions of a batch with an offset, which engines give gradients of alone
 */
export function distillationObjective(session: ModelSession, readout: Readout): Objective<TaughtBatch> {
  if (readout.width !== session.width) fail("readout.width", `${session.width}, the session's`, readout.width);
  const { classes } = readout;
  const plain = ({ input, offset }: TaughtBatch): TokenBatch =>
    offset === undefined ? input : fail("batch.offset", "none: engines read offsets for gradients alone", "an offset");
  const each = async (points: readonly Float32Array[], batch: TaughtBatch): Promise<readonly number[][]> => {
    const features = await session.features(points, plain(batch));
    const all = scores(readout, features);
    const size = all.length / points.length;
    return points.map((_, p) => divergenceOf(all.subarray(p * size, (p + 1) * size), classes, batch.shares));
  };
  const { gradient: gradientBy } = session;
  return {
    losses: async (points, batch) => (await each(points, batch)).map(mean),
    each,
    async derivatives(point, directions, batch) {
      const { primal, tangents } = await session.tangents(point, directions, plain(batch));
      const at = scores(readout, primal);
      const slope = probabilities(at, classes).map((q, i) => (q - batch.shares[i]!) / primal.texts);
      const along = scores({ ...readout, bias: new Float32Array(classes) }, tangents);
      return {
        loss: mean(divergenceOf(at, classes, batch.shares)),
        derivatives: directions.map((_, p) => slope.reduce((sum, s, i) => sum + s * along[p * slope.length + i]!, 0)),
      };
    },
    ...(gradientBy && {
      async gradient(point: Float32Array, { input, shares, offset }: TaughtBatch) {
        const asked: EmbeddingOffset | undefined = offset && { rows: offset, by: "point" };
        const { gradient, features } = await gradientBy.call(session, point, input, shareLoss(readout, shares), asked);
        return { loss: mean(divergenceOf(scores(readout, features), classes, shares)), gradient };
      },
    }),
    ...noGradient(session),
  };
}

/**
 * Gives the divergence of a student from a teacher on texts whose embeddings have an offset, and its derivative by the offset through both models:
 * what a generator of texts climbs.
 * @param offset [T, embedding width]
 * @returns gradient [T, embedding width]
 * @throws when an engine has no gradients
 */
export async function divergenceByOffset(
  teacher: Read,
  student: Read,
  readout: Readout,
  input: TokenBatch,
  offset: Float32Array,
): Promise<{ readonly divergence: number; readonly gradient: Float32Array; readonly passes: number }> {
  const { classes } = readout;
  const read = await readAt(teacher, readout, input, offset);
  let found = NaN;
  let slopes: ReturnType<typeof divergenceGradients> | null = null;
  const throughStudent = await gradientOf(student)(
    student.point,
    input,
    (features) => {
      const at = scores(readout, features);
      found = divergence(read, at, classes).mean;
      slopes = divergenceGradients(read, at, classes);
      return featureGradient(readout, slopes.student);
    },
    { rows: offset, by: "offset" },
  );
  const { teacher: slope } = slopes ?? fail("student", "an engine that asks for the loss's derivative", "none");
  const throughTeacher = await gradientOf(teacher)(teacher.point, input, () => featureGradient(readout, slope), {
    rows: offset,
    by: "offset",
  });
  const other = throughTeacher.offsetGradient ?? fail("teacher", "a gradient by the offset", "none");
  const own = throughStudent.offsetGradient ?? fail("student", "a gradient by the offset", "none");
  return { divergence: found, gradient: own.map((value, i) => value + other[i]!), passes: 3 };
}

/** A model that is open, and where it is. */
export interface Read {
  readonly session: ModelSession;
  readonly point: Float32Array;
}

/** Gives a model's scores [B, C] of texts whose embeddings have an offset. @throws when its engine has no gradients, which alone read one */
export async function readAt(
  { session, point }: Read,
  readout: Readout,
  input: TokenBatch,
  offset?: Float32Array,
): Promise<Float64Array> {
  if (offset === undefined) return scores(readout, await session.features([point], input));
  // Engines read an offset on the way to a gradient alone: a derivative of zero is asked for and thrown away.
  const none = (features: Features): Float32Array => new Float32Array(features.data.length);
  const { features } = await gradientOf({ session, point })(point, input, none, { rows: offset, by: "offset" });
  return scores(readout, features);
}

function gradientOf({ session }: Read): NonNullable<ModelSession["gradient"]> {
  return (
    session.gradient?.bind(session) ??
    fail(
      "session",
      "an engine that gives gradients, to read texts that were not written",
      session.noGradient ?? session.id,
    )
  );
}

function divergenceOf(student: Float64Array, classes: number, shares: Float64Array): number[] {
  const entropy = (b: number): number =>
    -shares.subarray(b * classes, (b + 1) * classes).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);
  return [...crossEntropyOfShares(student, classes, shares).perExample].map((value, b) => value - entropy(b));
}

import { makeAdapter } from "../adapter/make-adapter";
import type { TensorTrainSpec } from "../adapter/adapter";
import { describeModel } from "../model/describe-model";
import { MODELS, type KnownModel } from "../model/known-models";
import { predictMemory, type MemoryPrecision, type PassShape } from "./memory";

/** One line of the table of known models; memory is resident memory while training, in GB. */
export interface ModelRow {
  readonly model: string;
  readonly parameters: number;
  readonly layers: number;
  readonly width: number;
  /** Where AdaZeta's adapters sit. */
  readonly placement: TensorTrainSpec["placement"];
  /** Their trainable parameters (rank 5, bottleneck 64). */
  readonly trainable: number;
  readonly fp32: number;
  readonly int8: number;
  readonly int4: number;
  readonly licence: string;
  readonly source: string;
}

const PASS: Omit<PassShape, "trainable"> = { texts: 8, tokens: 64, points: 2 };

/**
 * Gives the models of the registry with what they need to be trained by the two-sided estimate, all computed from their configurations
 * (`describeModel`, `predictMemory`; int4 in blocks of 32).
 * @param pass the batch and how many points are evaluated at once, default 8 texts of 64 tokens at 2 points
 * @example knownModels().find(({ model }) => model === "llama-2-7b")?.trainable // 610560
 */
export function knownModels(pass: Omit<PassShape, "trainable"> = PASS): readonly ModelRow[] {
  return MODELS.map((known) => {
    const { config, name, licence } = known;
    const shape = describeModel(config);
    const { placement } = shape;
    const adapter = makeAdapter(
      { kind: "tensor-train", placement, rank: 5, bottleneck: 64, scale: 1, modes: null },
      shape.sites,
    );
    const trainable = adapter.layout.size;
    const memory = (precision: MemoryPrecision): number =>
      predictMemory(shape, precision, { ...pass, trainable }).total / 1e9;
    return {
      model: name,
      parameters: shape.parameters,
      layers: shape.layers,
      width: shape.width,
      placement,
      trainable,
      fp32: memory({ kind: "fp32" }),
      int8: memory({ kind: "int8" }),
      int4: memory({ kind: "int4", block: 32 }),
      licence,
      source: sourceName(known),
    };
  });
}

/** Names the place where a model comes from. @example sourceName(knownModel("llama-2-7b")) // "meta-llama/Llama-2-7b-hf (gated)" */
export function sourceName({ source }: Pick<KnownModel, "source">): string {
  if (source.kind === "package") return source.package;
  return source.gated ? `${source.repository} (gated)` : source.repository;
}

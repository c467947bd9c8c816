import { execFileSync } from "node:child_process";
import type { AdapterSpec } from "../../src/adapter/adapter";
import type { Model } from "../../src/model/model";
import { generatedLlama, generatedRoberta, llama2Shape, robertaLarge } from "./generated";
import type { ProcessMemory } from "./memory";
import { bertTrain, llamaTrain } from "./subject";

/** One measurement of memory: a generated model, a precision, an estimator, and what was done to save memory. */
export interface MemoryCase {
  readonly phase: "prepare" | "train";
  readonly model: "Llama-2-7B" | "RoBERTa-large";
  /** How many of its layers. */
  readonly layers: number;
  readonly precision: string;
  readonly estimator: "two-sided" | "directional";
  readonly arena: boolean;
  readonly prepack: boolean;
  readonly texts: number;
  readonly tokens: number;
  readonly steps: number;
  /** Of the engine's files. */
  readonly directory: string;
}

export function memoryModel({ model, layers }: Pick<MemoryCase, "model" | "layers">): {
  readonly model: Model;
  readonly spec: AdapterSpec;
} {
  return model === "Llama-2-7B"
    ? { model: generatedLlama({ ...llama2Shape, layers }), spec: llamaTrain }
    : { model: generatedRoberta({ ...robertaLarge, num_hidden_layers: layers }), spec: bertTrain };
}

/** What a child process took, memory in MiB. */
export interface MemoryResult {
  readonly before: ProcessMemory;
  readonly after: ProcessMemory;
  readonly seconds: number | readonly number[];
}

/** Runs one case in a process of its own, so that nothing else is in the figures. */
export function measured(given: MemoryCase): MemoryResult {
  const words = ["--import", "tsx", "test/bench/memory-once.ts", JSON.stringify(given)];
  const text = execFileSync(process.execPath, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(text) as MemoryResult;
}

import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LoraSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { readTogether, settleFolder, writeFolder } from "../disk/whole-folder";
import type { FolderFiles } from "../disk/whole-folder";
import type { Model, Reading } from "../model/model";
import type { SavedAdapter } from "./adapter-file";
import { loraFrom, loraPairs } from "./lora-pairs";
import type { LoraModel } from "./lora-pairs";
import { peftModules } from "./peft-modules";
import type { SiteModule } from "./peft-modules";
import { readSafetensors } from "./safetensors";
import { safetensors } from "./write-safetensors";

const CONFIG = "adapter_config.json";
/** What a classifier has beside PEFT's files; it belongs to one save and does not stay under another. */
export const READOUT = "readout.safetensors";
/** What programs should compute with the weights, and what they are: of one save too. */
export const VERIFICATION = "verify.json";
export const CARD = "README.md";
const TENSORS = "adapter_model.safetensors";
const ROOT = "base_model.model.";

/** A model as far as PEFT's files go. */
export type PeftModel = LoraModel & Pick<Model, "reading">;

/** PEFT's name of what a model does; it has none for masked language models. */
const TASK_TYPES: Readonly<Record<Reading, string | null>> = {
  pooled: "FEATURE_EXTRACTION",
  causal: "CAUSAL_LM",
  masked: null,
};

/** What Hugging Face PEFT's `adapter_config.json` says of a LoRA, as far as it is written or read here. */
interface PeftConfig {
  readonly peft_type: string;
  readonly r: number;
  readonly lora_alpha: number;
  readonly [field: string]: unknown;
}

/** Fields of a configuration that ask for something that `lora` does not compute, with the values that do not. */
const ONLY: Readonly<Record<string, readonly unknown[]>> = {
  peft_type: ["LORA"],
  bias: ["none", undefined],
  fan_in_fan_out: [false, undefined],
  use_rslora: [false, undefined],
  use_dora: [false, undefined],
  lora_bias: [false, undefined],
  modules_to_save: [null, undefined],
};

/**
 * Writes a LoRA as a folder that Hugging Face PEFT opens: `adapter_config.json` and `adapter_model.safetensors`, with
 * lora_A [rank, inputs] and lora_B [outputs, rank] under the modules' names in transformers. Over an older save the folder is the old
 * one or the new one at any time, never a mixture (`writeFolder`).
 * For example `savePeft("data/runs/mine", adapter, smollm2.model, "HuggingFaceTB/SmolLM2-135M-Instruct")`.
 * @param base what PEFT is to load the frozen model from: a hub repository or a folder; may be empty, it can be given there
 * @param besides files that are saved with it
 * @throws when the adapter is no LoRA, was not made for this model, the name is taken by something else than an older save, or the disk does
 *   not take it
 * Source: huggingface/peft 0.21, whose package reads what is written here (test/fixtures/peft/make.py judges).
 */
export function savePeft(
  folder: string,
  adapter: SavedAdapter,
  model: PeftModel,
  base: string,
  besides: FolderFiles = {},
): void {
  const { spec, pairs } = loraPairs(adapter, model, "PEFT");
  const chosen = new Set(pairs.map(({ site }) => site));
  const tensors = pairs.flatMap(({ module, rank, inputs, outputs, a, b }) => [
    { name: `${ROOT}${module}.lora_A.weight`, shape: [rank, inputs], data: a },
    { name: `${ROOT}${module}.lora_B.weight`, shape: [outputs, rank], data: b },
  ]);
  const config: PeftConfig = {
    peft_type: "LORA",
    task_type: TASK_TYPES[model.reading],
    base_model_name_or_path: base,
    r: spec.rank,
    lora_alpha: spec.alpha,
    lora_dropout: 0,
    target_modules: targetsOf(peftModules(model), chosen),
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
  };
  const files = {
    [TENSORS]: safetensors(tensors, { format: "pt", note: adapter.note }),
    ...besides,
    [CONFIG]: `${JSON.stringify(config, null, 2)}\n`,
  };
  requireSave(folder);
  writeFolder(folder, files, { last: CONFIG, drop: [READOUT, VERIFICATION, CARD] });
}

/** Checks that a folder is free, or an older save: another one's files are left alone. */
function requireSave(folder: string): void {
  settleFolder(folder);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined || existsSync(join(folder, CONFIG))) return;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${folder}: expected a folder, or a name that is free, got a file of that name; choose another`);
  if (readdirSync(folder).length > 0)
    throw new Error(
      `${folder}: expected a name that is free, an empty folder or an older save, got a folder with other files; choose another`,
    );
}

/** Says whether a folder is one that PEFT would open. */
export function isPeftFolder(folder: string): boolean {
  settleFolder(folder);
  return existsSync(join(folder, CONFIG));
}

/**
 * Reads a LoRA that PEFT, or `savePeft`, wrote. Which model it was trained on the folder does not say: that its modules and
 * shapes fit this one is checked.
 * For example `loadPeft("data/runs/mine", smollm2.model).spec.rank`: 8.
 * @throws when a file is missing or damaged, the configuration asks for what `lora` does not compute, or the model has no such modules
 */
export function loadPeft(folder: string, model: PeftModel): SavedAdapter & { readonly spec: LoraSpec } {
  settleFolder(folder);
  const path = join(folder, TENSORS);
  const { config, tensors, metadata } = readTogether([folder, path, join(folder, CONFIG)], () => ({
    config: readConfig(join(folder, CONFIG)),
    ...readSafetensors(path),
  }));
  const modules = peftModules(model);
  const siteOf = new Map(modules.map(({ module, site }) => [module, site]));
  const stored = new Map(
    tensors.map(({ name, shape, data }) => {
      const [, module, part] = /^base_model\.model\.(.*)\.lora_([AB])(?:\.default)?\.weight$/.exec(name) ?? [];
      const site = siteOf.get(module ?? "");
      if (site === undefined || part === undefined)
        return fail(`${path}: tensor`, `lora_A or lora_B of a module like ${modules[0]?.module}`, name);
      return [`${site}.${part}`, { shape, data }];
    }),
  );
  return loraFrom(path, model, { rank: config.r, alpha: config.lora_alpha }, stored, metadata["note"] ?? "");
}

function readConfig(path: string): PeftConfig {
  let config: PeftConfig;
  try {
    config = JSON.parse(readFileSync(path, "utf8")) as PeftConfig;
  } catch (error) {
    throw new Error(`${path}: expected PEFT's configuration, got ${messageOf(error)}`);
  }
  for (const [field, allowed] of Object.entries(ONLY))
    if (!allowed.includes(config[field])) fail(`${path}: ${field}`, String(allowed[0]), config[field]);
  for (const field of ["rank_pattern", "alpha_pattern"])
    if (Object.keys((config[field] ?? {}) as object).length > 0)
      fail(`${path}: ${field}`, "one rank and alpha for all modules", config[field]);
  if (!Number.isSafeInteger(config.r)) fail(`${path}: r`, "a rank", config.r);
  if (!Number.isFinite(config.lora_alpha)) fail(`${path}: lora_alpha`, "a number", config.lora_alpha);
  return config;
}

/** Short names where they fit exactly the chosen modules, as PEFT matches them (the end of a name), else whole ones. */
function targetsOf(modules: readonly SiteModule[], chosen: ReadonlySet<string>): readonly string[] {
  const words = [...new Set(modules.filter(({ site }) => chosen.has(site)).map(({ word }) => word))];
  return words.flatMap((word) => {
    const short = word.split(".").at(-1)!;
    const fits = (end: string): boolean =>
      modules.every(({ site, module, word: own }) => module.endsWith(`.${end}`) === (chosen.has(site) && own === word));
    // "dense" is also the name of modules that are no sites, so the word within the layer is tried too.
    if (short !== "dense" && fits(short)) return [short];
    if (word !== "output.dense" && fits(word)) return [word];
    return modules.filter(({ site, word: own }) => chosen.has(site) && own === word).map(({ module }) => module);
  });
}

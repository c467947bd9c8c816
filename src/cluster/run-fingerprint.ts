import { existsSync, readFileSync } from "node:fs";
import { differences } from "../train/canonical-json";
import { fingerprintData } from "../train/fingerprint";
import { sourceHashes } from "../train/sources";
import type { SourceHashes } from "../train/sources";
import { headerOf } from "../train/train";
import type { Followed } from "./follower";

/** What decides a run's numbers, part by part, as plain data: equal where two machines do the same work. */
export type RunFingerprint = Readonly<Record<string, unknown>>;

/**
 * Gives what two machines must have alike to work on one run: model, adapter, precision and threads (all in the session's name), texts, plan of batches,
 * start, method, seed, the project's files that decide the numbers, and the engine's version.
 * @param sources hashes of those files; null outside the project
 */
export function runFingerprint(
  options: Pick<Followed<never>, "settings" | "identity" | "start" | "layout">,
  sources: SourceHashes | null,
): RunFingerprint {
  const { settings, identity, start } = headerOf(options);
  const { method, seed, stepsPerEpoch, dropping } = settings;
  const { model, adapter, data, plan } = identity;
  const own = sourceHashes(["src/cluster/follower.ts"]);
  const code = sources === null ? null : fingerprintData({ ...sources, ...own });
  const drops = dropping === undefined ? {} : { dropping };
  return { model, adapter, data, plan, start, method, seed, stepsPerEpoch, ...drops, code, engine: engineVersion() };
}

/** Says where a coordinator's fingerprint and that of here differ, one sentence for each place; what is undefined is absent, as JSON carries it. */
export function differing(asked: RunFingerprint, here: RunFingerprint): readonly string[] {
  return differences(asked, JSON.parse(JSON.stringify(here)), "run");
}

/** Gives the version of ONNX Runtime here; null outside the project. */
export function engineVersion(): string | null {
  const path = "node_modules/onnxruntime-node/package.json";
  if (!existsSync(path)) return null;
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { readonly version?: unknown };
  return typeof version === "string" ? version : null;
}

// Writes test/fixtures/trajectories/NAME.jsonl for the methods that have none: node --import tsx test/support/record-trajectories.ts
import { existsSync, writeFileSync } from "node:fs";
import { fingerprintPoint } from "../../src/train/fingerprint";
import { trainInFile } from "../../src/train/train-in-file";
import { recordedMethods, recordedRun } from "./recorded-runs";

const folder = "test/fixtures/trajectories";
const ends: Record<string, string> = {};
for (const [name, method] of Object.entries(recordedMethods)) {
  const path = `${folder}/${name}.jsonl`;
  if (existsSync(path)) continue;
  const { point } = await trainInFile({ ...recordedRun(method), path });
  ends[name] = fingerprintPoint(point);
}
if (!existsSync(`${folder}/ends.json`)) writeFileSync(`${folder}/ends.json`, `${JSON.stringify(ends, null, 2)}\n`);

import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import { boolq, boolqTitled } from "./defs/boolq";
import { cb } from "./defs/cb";
import { cola } from "./defs/cola";
import { copa } from "./defs/copa";
import { cr } from "./defs/cr";
import { drop } from "./defs/drop";
import { mnli, mnliMismatched } from "./defs/mnli";
import { mpqa } from "./defs/mpqa";
import { mr } from "./defs/mr";
import { mrpc } from "./defs/mrpc";
import { multirc } from "./defs/multirc";
import { qnli } from "./defs/qnli";
import { qqp } from "./defs/qqp";
import { record } from "./defs/record";
import { rte } from "./defs/rte";
import { snli } from "./defs/snli";
import { squad } from "./defs/squad";
import { sst2 } from "./defs/sst2";
import { sst5 } from "./defs/sst5";
import { subj } from "./defs/subj";
import { trec } from "./defs/trec";
import { wic } from "./defs/wic";
import { wsc } from "./defs/wsc";
import type { Task } from "./task";

/**
 * The tasks this project knows: those of RoBERTa-large's few-shot tables, then those of the tables of causal language models (SST-2
 * and RTE are in both). A new one is a file in `defs` and a name here.
 */
export const tasks: readonly Task[] = [
  sst2,
  sst5,
  trec,
  mnli,
  mnliMismatched,
  snli,
  qnli,
  qqp,
  mrpc,
  rte,
  cola,
  mr,
  cr,
  mpqa,
  subj,
  cb,
  boolq,
  boolqTitled,
  wsc,
  wic,
  multirc,
  copa,
  record,
  squad,
  drop,
];

/** @throws when there is no task of that name, listing those there are */
export function taskNamed(name: string): Task {
  const names = tasks.map((task) => task.name);
  return (
    tasks.find((task) => task.name === name) ??
    fail("task", `one of ${names.join(", ")}${nearestHint(name, names)}`, name)
  );
}

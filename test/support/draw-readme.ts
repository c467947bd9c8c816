// Draws the README's figure from the committed records: node --import tsx test/support/draw-readme.ts
import { writeFileSync } from "node:fs";
import { studyRecords } from "../../src/notebook/study-records";
import { meanAndSpread } from "../../src/plot/spread";
import { recordedRuns } from "../../src/table/from-records";
import { renderFigures } from "./render-figure";

const { records, origin } = studyRecords("minilm-trec");
const shown = ["adazeta", "mezo-lora", "lora-schedule", "mezo-lora-smaller-rate"];
const runs = recordedRuns(records.filter(({ arm, learningRate }) => learningRate === 3e-3 && shown.includes(arm)));
const figure = meanAndSpread(runs, { x: "both", title: "Divergence against the query schedule", origin });
const [drawn] = await renderFigures({ readme: figure }, { width: 900, height: 420 });
writeFileSync("data/results/divergence-minilm-trec.svg", drawn.svg);

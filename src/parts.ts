/** The door for taking things apart: what a cell imports from "./src/parts" to look inside a tensor train, an estimate, a step of a method, a schedule or a control. */
import "./notebook/value-display";
export { normals } from "./random/normals";
export { randomKey } from "./random/key";
export { forwardPasses, passesPerStep, queriesByEpochs, queriesBySteps } from "./schedule/forward-passes";
export { exponentOf } from "./schedule/power-law";
export { queriesAt, scheduleAt } from "./schedule/schedule";
export { approximationErrors, sampleMatrix } from "./tt/approximation";
export { contract, fastForward, multiplications, reconstruct } from "./tt/contract";
export { coreRows } from "./tt/core-rows";
export { applicationCost } from "./tt/cost";
export { adapterParameters, publishedAdapters, trainParameters } from "./tt/counts";
export { initialTrain, matrixDeviation } from "./tt/initial";
export { expectedRelativeOutput, matchingScale, measureInitialScale } from "./tt/initial-scale";
export { matrix, multiply, transpose } from "./tt/matrix";
export { modesFor, presetModes } from "./tt/plan";
export { numericalRank, svd } from "./tt/svd";
export { compareApplications } from "./tt/timing";
export { coreShapes, tensorTrain as trainOf } from "./tt/train";
export { relativeError, ttSvd } from "./tt/tt-svd";
export { direction, gaussianDirection } from "./estimator/directions";
export { estimate } from "./estimator/estimate";
export { gradientOf } from "./estimator/form";
export { largestCurvature } from "./estimator/largest-curvature";
export { NO_STATE } from "./estimator/state";
export { passesOf } from "./optimizer/method";
export { applyChain } from "./optimizer/chain";
export { applyRecorded, step } from "./optimizer/step";
export { mezoFull, randomMask } from "./optimizer/recipes";
export { accumulating } from "./optimizer/recipes/accumulating";
export { entryOf, view as tensorIn } from "./tree/layout";
export { norm } from "./tree/vector";
export { trainableCounts } from "./adapter/count";
export { dropping } from "./adapter/dropping";
export { makeAdapter } from "./adapter/make-adapter";
export { interpolated, scaledPoint } from "./adapter/scaled-point";
export { prefixOfTokens } from "./engine/reference/prefix-of-tokens";
export { bertSites } from "./model/bert";
export { llamaSites } from "./model/llama";
export { loadAdapter, saveAdapter } from "./weights/adapter-file";
export { savePeft } from "./weights/peft-folder";
export { saveGgufLora } from "./weights/gguf-lora";
export { mergeAdapter } from "./export/merge-adapter";
export { meanScore } from "./export/mean-score";
export { verify } from "./export/verification";
export { openExported } from "./export/exported-classifier";
export { mergeRun, saveRunAsGguf, saveRunAsOnnx } from "./notebook/take-along";
export { askModel, chat } from "./notebook/chat";
export { askLlamaCpp } from "./notebook/llama-cpp";
export { askIds } from "./text/chat-ids";
export { chatWriter } from "./text/chat-template";
export { tunedAdapter } from "./notebook/choose";
export { chatTask } from "./task/chat-task";
export { rewards } from "./task/rewards";
export { pushToHub } from "./notebook/push-to-hub";
export { runCard } from "./notebook/run-card";
export { proposeRate } from "./notebook/propose-rate";
export { writtenAnswers } from "./notebook/written-answers";
export { checkpointOf } from "./notebook/checkpoint-of";
export { runJson } from "./notebook/tune/run-json";
export { evaluateClassifier } from "./task/classifier";
export { promptText } from "./task/reading";
export { labelLoss } from "./task/readout";
export { taskNamed } from "./task/tasks";
export { diverged, divergenceMargin } from "./train/diverged";
export { formedWeights, replay, standAt } from "./train/replay";
export { findRate } from "./train/find-rate";
export { train } from "./train/train";
export { hasRay } from "./cluster/ray-workers";
export { smallCluster } from "./cluster/small-cluster";
export { bestWorkers, stepTime } from "./cluster/step-time";
export { stepTimesFigure } from "./plot/step-times";
export { readTrajectory } from "./train/trajectory";
export { escapeMarkdown } from "./table/escape";
export { toHtml } from "./table/html";
export { formatNumber, formatRate } from "./table/number";
export { toMarkdown, toText } from "./table/text";
export { lossFigure } from "./plot/loss";
export { matricesFigure } from "./plot/matrices";
export { initialScaleFigure } from "./plot/initial-scale";
export { parameterCountFigure } from "./plot/parameter-count";
export { describeModel } from "./model/describe-model";
export { knownModel } from "./model/registry";
export {
  button,
  checkbox,
  dropdown,
  floatSlider,
  integerSlider,
  label,
  logSlider,
  progressBar,
  textInput,
} from "./notebook/widgets/controls";
export { figureView, showLiveFigure } from "./notebook/widgets/figure-view";
export { scheduleCost } from "./notebook/widgets/schedule-explorer";
export { hbox, vbox } from "./notebook/widgets/view";
export { openLowBits } from "./engine/open-low-bits";
export { openSession } from "./engine/open-session";
export { lowBits } from "./model/low-bits";

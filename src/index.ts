/** The notebooks' one door: what a cell imports from "./src/index". Engines load when a model is opened. */

// numbers and schedules
export { normals } from "./random/normals";
export { randomKey } from "./random/key";
export { cumulativeForwardPasses, forwardPasses, queriesByEpochs, queriesBySteps } from "./schedule/forward-passes";
export { exponentOf } from "./schedule/power-law";
export { queriesAt, scheduleAt } from "./schedule/schedule";
export type { Schedule } from "./schedule/schedule";

// tensor trains
export { approximationErrors, sampleMatrix } from "./tt/approximation";
export { contract, fastForward, multiplications, reconstruct } from "./tt/contract";
export { coreRows } from "./tt/core-rows";
export { applicationCost } from "./tt/cost";
export { adapterParameters, publishedAdapters, trainParameters } from "./tt/counts";
export { initialTrain, matrixDeviation } from "./tt/initial";
export { expectedRelativeOutput, matchingScale, measureInitialScale } from "./tt/initial-scale";
export { matrix, multiply } from "./tt/matrix";
export { modesFor, presetModes } from "./tt/plan";
export { numericalRank, svd } from "./tt/svd";
export { compareApplications } from "./tt/timing";
export { coreShapes, tensorTrain as trainOf } from "./tt/train";
export { relativeError, ttSvd } from "./tt/tt-svd";

// estimators and methods
export { gaussianDirection } from "./estimator/directions";
export { estimate } from "./estimator/estimate";
export { gradientOf } from "./estimator/gradient";
export type { Objective } from "./estimator/objective";
export { ownEstimator } from "./estimator/own";
export type { Asked, Own, OwnDefinition } from "./estimator/own";
export { adazeta, firstOrder, mezo, mezoFull, randomMask } from "./optimizer/method";
export type { Method } from "./optimizer/method";

// adapters and models
export type { AdapterSpec } from "./adapter/adapter";
export { trainableCounts } from "./adapter/count";
export { makeAdapter } from "./adapter/make-adapter";
export { prefixOfTokens } from "./engine/reference/prefix-of-tokens";
export { bertSites } from "./model/bert";
export { llamaSites } from "./model/llama";
export { loadAdapter, saveAdapter } from "./weights/adapter-file";
export { loadPeft, savePeft } from "./weights/peft-folder";
export { tableTask } from "./task/own-table";

// tasks, training, experiments
export { evaluateClassifier } from "./task/classifier";
export { promptText } from "./task/reading";
export { taskNamed } from "./task/tasks";
export { diverged, divergenceMargin } from "./train/diverged";
export { replay } from "./train/replay";
export { train } from "./train/train";
export { readTrajectory } from "./train/trajectory";
export { arm, armNames } from "./experiment/arm";
export type { Arm, StudySettings } from "./experiment/arm";
export { divergenceGrid, laptopSchedule, studies, studySettings } from "./experiment/divergence";
export { readRecords } from "./experiment/store";

// tables and figures
export { devLoss, shareDiverged } from "./table/arm-statistics";
export { lossAtPasses } from "./table/at-passes";
export { learningTable } from "./table/learning";
export { recordedRuns } from "./table/from-records";
export { runRecord } from "./table/from-training";
export { escapeMarkdown } from "./table/escape";
export { toHtml } from "./table/html";
export { formatNumber } from "./table/number";
export { toText } from "./table/text";
export { besideReported } from "./table/reported";
export { publishedAsPrinted, publishedBesideMeasured } from "./table/published/beside";
export { figure1, figure1Source, figure1Table } from "./table/published/figure-1";
export { lorettaLlama2, mezoGvLlama2, sparseMezoLlama2 } from "./table/published/llama2";
export { mezoOpt } from "./table/published/opt-13b";
export { describeSource, publishedCell } from "./table/published/published";
export { mezoRoberta } from "./table/published/roberta-large";
export { severalQueries } from "./table/published/several-queries";
export { costMethods, costOf, costTable, memoryRatio, publishedCosts } from "./table/costs";
export type { CostMethod, CostRecord } from "./table/costs";
export { tableOf } from "./table/rows";
export { besidePublished, duelTable, paperCells, paperTable, taskRuns } from "./table/paper-cells";
export { paperWords } from "./table/paper-words";
export { rateTable } from "./table/rates";
export { borderOf, runWords } from "./table/run-words";
export { compareRuns, intervalText, summaryTable } from "./table/summary";
export { costsFigure } from "./plot/costs";
export { divergenceMap } from "./plot/divergence-map";
export { initialScaleFigure } from "./plot/initial-scale";
export { linesFigure } from "./plot/lines";
export { lossByStepsAndPasses, lossFigure } from "./plot/loss";
export { parameterCountFigure } from "./plot/parameter-count";
export { scheduleFigure } from "./plot/schedule";
export { meanAndSpread } from "./plot/spread";
export { timeFigure } from "./plot/time";
export { warningsFigure } from "./plot/warnings";

// models
export { describeModel } from "./model/describe-model";
export { knownModel } from "./model/registry";
export { knownModels } from "./weights/model-rows";

// the notebook itself
import "./notebook/value-display";
export { bestOnDev, frozenScores, saveRun, saveRunAsPeft, testOnce, testReport } from "./notebook/choose";
export { openClassifier } from "./notebook/classifier";
export { keptRuns } from "./notebook/kept-runs";
export { originOf, runLive } from "./notebook/live-runs";
export { measuredRates, suggestedRate } from "./notebook/rates";
export { showProblem } from "./notebook/problem-display";
export { claims } from "./notebook/claims";
export { costRecords } from "./notebook/cost-records";
export { display } from "./notebook/display";
export { showFigure } from "./notebook/figure-display";
export { openAdapter, openModel, openProblem, openTask, openTaskIfThere } from "./notebook/open";
export { measureStep } from "./notebook/measure-step";
export { showCells, showDivergence, showDivergenceMap, showDuel } from "./notebook/paper-display";
export { paperRecords } from "./notebook/paper-records";
export { parameters } from "./notebook/parameters";
export { showPrompts } from "./notebook/prompt-display";
export { showProgress } from "./notebook/progress";
export { machineNow, measuredNow } from "./notebook/provenance";
export { studyRecords } from "./notebook/study-records";
export { stopSignal } from "./notebook/stop-signal";
export { showTable } from "./notebook/table-display";
export { showText } from "./notebook/text-display";

// controls
export type { Control } from "./notebook/widgets/control";
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
export { scheduleCost, scheduleExplorer } from "./notebook/widgets/schedule-explorer";
export { hbox, show, vbox } from "./notebook/widgets/view";

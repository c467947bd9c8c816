/**
 * The notebooks' door: what a cell imports from "./src/index" to open a model, tune it, choose, save, and show. Engines load when a model is opened.
 * Recorded experiments and published tables are in "./src/study"; what takes a method apart is in "./src/parts".
 */
import "./notebook/value-display";

// open
export { openClassifier } from "./notebook/classifier";
export { openAdapter, openModel, openProblem, openTask, openTaskIfThere } from "./notebook/open";
export { tableTask } from "./task/own-table";
export { promptTask } from "./task/prompt-task";
export { loadPeft } from "./weights/peft-folder";
export { knownModels } from "./weights/model-rows";
export type { AdapterSpec } from "./adapter/adapter";

// methods
export { ownDirections } from "./estimator/directions/own";
export type { DirectionInput, OwnDirections, OwnDirectionsDefinition } from "./estimator/directions/own";
export { ownEstimator } from "./estimator/probes/own";
export type { EstimatorInput, OwnDefinition, OwnEstimator } from "./estimator/probes/own";
export type { Objective } from "./estimator/objective";
export { suggestedRate } from "./notebook/rates";
export { adazeta, firstOrder, method, mezo, recipes } from "./optimizer/recipes";
export type { Method } from "./optimizer/method";
export type { RecipeName } from "./optimizer/recipes";
export type { Schedule } from "./schedule/schedule";

// tune, choose, save
export { ownReward } from "./task/reward";
export { bestOnDev, saveRun, testOnce, testReport } from "./notebook/choose";
export { keptRuns } from "./notebook/kept-runs";
export { runLive } from "./notebook/live-runs";
export { saveRunAsPeft } from "./notebook/save-peft";
export { stopSignal } from "./notebook/stop-signal";
export type { Arm } from "./experiment/arm";

// show
export { display } from "./notebook/display";
export { showFigure } from "./notebook/figure-display";
export { showProblem } from "./notebook/problem-display";
export { showProgress } from "./notebook/progress";
export { showPrompts } from "./notebook/prompt-display";
export { showTable } from "./notebook/table-display";
export { showText } from "./notebook/text-display";
export type { Control } from "./notebook/widgets/control";
export { scheduleExplorer } from "./notebook/widgets/schedule-explorer";
export { show } from "./notebook/widgets/view";
export { linesFigure } from "./plot/lines";
export { lossByStepsAndPasses } from "./plot/loss";
export { scheduleFigure } from "./plot/schedule";
export { warningsFigure } from "./plot/warnings";
export { tableOf } from "./table/rows";
export { compareRuns, summaryTable } from "./table/summary";

// the notebook itself
export { claims } from "./notebook/claims";
export { parameters } from "./notebook/parameters";

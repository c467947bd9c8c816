import { join } from "node:path";
import { messageOf } from "../check/error-words";
import { openEventFile } from "../export/event-file";
import type { EventFile, ScalarEvent } from "../export/event-file";
import type { TrainEvent } from "../train/events";
import { fingerprintData } from "../train/fingerprint";
import type { AverageRecord, EvaluationRecord, Header, StepRecord } from "../train/records";
import { safeName } from "../train/runs";

/** Writes what a run tells as event files for TensorBoard. */
export interface TensorboardLog {
  hear(event: TrainEvent): void;
  close(): void;
}

/**
 * Makes a log of a run for TensorBoard, in a folder of its own under `folder`: loss, queries, forward passes, learning rate, weight norm and the root
 * mean square of the projected gradients at each step, loss and right answers on dev at each evaluation. A run that goes on is written from its record
 * first, so each step is there once. A disk that does not take it is told, and the run goes on without.
 * @param name of the run
 * @param tell hears of a disk that does not take it
 */
export function tensorboardLog(folder: string, name: string, tell: (line: string) => void): TensorboardLog {
  let file: EventFile | null = null;
  let began = 0;
  let failed = false;
  const guarded = (write: () => void): void => {
    if (failed) return;
    try {
      write();
    } catch (error) {
      failed = true;
      tell(`nothing more is written for TensorBoard: ${messageOf(error)}`);
    }
  };
  const at = ({ elapsedMs }: { readonly elapsedMs: number }): number => began + elapsedMs / 1000;
  const ofStep = (record: StepRecord): ScalarEvent => ({
    wallTime: at(record),
    step: record.step,
    scalars: {
      "train/loss": record.loss,
      "train/queries": record.queries,
      "train/forward passes": record.forwardPasses,
      "train/learning rate": record.learningRate,
      "train/weight norm": record.weightNorm,
      "train/rms projected gradient": record.rmsProjectedGradient,
    },
  });
  const scored = (part: string, { loss, accuracy }: { readonly loss: number; readonly accuracy: number }) => ({
    [`${part}/loss`]: loss,
    ...(Number.isFinite(accuracy) && { [`${part}/accuracy`]: accuracy }),
  });
  const ofEvaluation = (record: EvaluationRecord): ScalarEvent => ({
    wallTime: at(record),
    step: record.step,
    scalars: {
      ...scored("dev", record),
      ...(record.driftLoss !== undefined &&
        scored("drift", { loss: record.driftLoss, accuracy: record.driftAccuracy ?? NaN })),
    },
  });
  const ofAverage = (record: AverageRecord): ScalarEvent => ({
    wallTime: at(record),
    step: record.steps.at(-1) ?? 0,
    scalars: scored("dev of the mean point", record),
  });
  const append = (...events: ScalarEvent[]): void => guarded(() => file?.append(events));
  return {
    hear(event) {
      switch (event.kind) {
        case "start":
          guarded(() => {
            began = beginOf(event.header);
            file = openEventFile(join(folder, folderOf(name, event.header)), began);
          });
          append(
            ...[...event.steps.map(ofStep), ...event.evaluations.map(ofEvaluation)].sort(
              (a, b) => a.wallTime - b.wallTime,
            ),
          );
          if (event.average !== undefined) append(ofAverage(event.average));
          break;
        case "step":
          append(ofStep(event.record));
          break;
        case "evaluation":
          append(ofEvaluation(event.record));
          break;
        case "average":
          append(ofAverage(event.record));
          break;
        case "change":
        case "warning":
        case "end":
          break;
      }
    },
    close: () => guarded(() => file?.close()),
  };
}

/** The same run has the same folder, also when it goes on. */
function folderOf(name: string, { settings, identity, start }: Header): string {
  return `${safeName(name)}-${fingerprintData({ settings, identity, start }).slice(0, 8)}`;
}

/** When the run began, in seconds since 1970, as its note says; 0 where it does not. */
function beginOf({ note }: Header): number {
  const date = typeof note === "object" && note !== null && "date" in note ? Date.parse(String(note.date)) : NaN;
  return Number.isFinite(date) ? date / 1000 : 0;
}

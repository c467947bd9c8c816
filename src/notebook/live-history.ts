import type { TrainEvent } from "../train/events";
import type { ChangeRecord, EvaluationRecord, Header, StepRecord } from "../train/records";
import type { RunHistory } from "../train/run-history";

/** What a run has left so far, from its events. */
export class LiveHistory implements RunHistory {
  header: Header | null = null;
  readonly steps: StepRecord[] = [];
  readonly evaluations: EvaluationRecord[] = [];
  readonly changes: ChangeRecord[] = [];

  hear(event: TrainEvent): void {
    if (event.kind === "start") {
      this.header = event.header;
      this.steps.push(...event.steps);
      this.evaluations.push(...event.evaluations);
      this.changes.push(...event.changes);
    } else if (event.kind === "step") this.steps.push(event.record);
    else if (event.kind === "evaluation") this.evaluations.push(event.record);
    else if (event.kind === "change") this.changes.push(event.record);
  }
}

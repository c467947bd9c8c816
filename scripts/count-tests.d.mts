export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
export function countTests(output: string, status: number | undefined): Counts;
export function skipReasons(output: string): readonly string[];

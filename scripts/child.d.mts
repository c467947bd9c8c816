export interface Ended {
  readonly status: number | null;
  readonly text: string;
}
export interface ChildOptions {
  readonly cwd?: string;
  readonly show?: boolean;
  readonly onText?: (text: string) => void;
}
export function removeFolder(folder: string): Promise<void>;
export function runChild(program: string, args: readonly string[], options?: ChildOptions): Promise<Ended>;

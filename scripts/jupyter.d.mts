export function jupyterCommand(
  options: readonly string[],
  environment?: NodeJS.ProcessEnv,
): {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
};

export interface How {
  readonly project?: string;
  readonly platform?: string;
  readonly arch?: string;
  readonly python?: string;
  readonly lock?: string;
  readonly hasCuda?: () => boolean;
}
export function gpuInstall(args: readonly string[], how?: How): Promise<number>;

export function kernelsFolder(options?: {
  readonly platform?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
}): string;

/**
 * Gives a number as a person writes it: 1824 -> "1,824", 0.88648 -> "0.886", 12.34 -> "12.3", 0.003 -> "3e-3".
 * @param digits decimals to force; by size when absent
 */
export function formatNumber(value: number, digits?: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "infinite" : "-infinite";
  if (digits !== undefined) return grouped(value, digits);
  if (Number.isInteger(value)) return grouped(value, 0);
  const size = Math.abs(value);
  if (size < 0.01) return formatRate(value);
  return grouped(value, decimals(value));
}

/**
 * Gives a learning rate or perturbation scale, in its shortest exponential form.
 * @example formatRate(0.003) // "3e-3"
 */
export function formatRate(value: number): string {
  if (value === 0) return "0";
  const [digits, exponent] = value.toExponential(2).split("e") as [string, string];
  return `${Number(digits)}e${Number(exponent)}`;
}

/** Gives decimals that leave about three significant places. */
export function decimals(value: number): number {
  const size = Math.abs(value);
  return size < 10 ? 3 : size < 1000 ? 1 : 0;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

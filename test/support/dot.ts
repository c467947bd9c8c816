/** Gives sum_i x_i y_i over the numbers of x, in float64. */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
}

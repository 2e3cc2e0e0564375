/**
 * How long to wait before the next try: 100 ms after the first failure, doubling, never more than `longestMs`; of that a
 * random half to whole, so that a thousand bouncers do not come back in the same instant.
 */
export const backOff = (failures: number, longestMs: number, random: () => number): number => {
  const full = Math.min(longestMs, 100 * 2 ** Math.min(failures - 1, 30))
  return Math.round(full / 2 + (full / 2) * random())
}

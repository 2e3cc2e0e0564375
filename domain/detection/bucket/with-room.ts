/** A copy with room for so many more. An array that grows by itself gets room for another sixteen: most never need it. */
export const withRoom = <A>(list: ReadonlyArray<A>, more: number): Array<A> => {
  const { length } = list
  const all = new Array<A>(length + more)
  for (let i = 0; i < length; i++) all[i] = list[i]!
  return all
}

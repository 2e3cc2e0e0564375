/** A state with a list that is made item by item, and a key behind it; `asked` tells what was made, in its order. */
export const watchedState = (items: number) => {
  const asked: Array<string> = []
  const state = {
    list: {
      *[Symbol.iterator]() {
        for (let item = 0; item < items; item++) {
          asked.push(`${item}`)
          yield item
        }
      }
    },
    get after() {
      asked.push("after")
      return asked.length
    }
  }
  return { state, asked }
}

/** How much one page holds at most; one event more than the bytes, so that a page always gets on. */
export interface PageSize {
  readonly events: number
  readonly bytes: number
}

/**
 * Server-sent events (the WHATWG format) out of a response body, with a bound on what one message may take.
 *
 * Comments (heartbeats) are not messages; that they came is told through `onBytes`.
 */

export interface ServerMessage {
  /** `message` where the server named none. */
  readonly event: string
  readonly data: string
  /** Last id that the server gave, on this message or an earlier one; undefined while it gave none. */
  readonly id: string | undefined
}

/** A message grew beyond the bound: the stream cannot be read on. */
export class MessageTooLarge extends Error {
  override readonly name = "MessageTooLarge"
}

export interface EventStreamOptions {
  /** In UTF-16 code units, for all the fields of one message together. */
  readonly maxMessageSize: number
  /** Called for each chunk of bytes, heartbeats included. */
  readonly onBytes?: () => void
}

/** The messages of a stream, in order. A message that the end of the stream cuts off is dropped, as the format says. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  options: EventStreamOptions
): AsyncGenerator<ServerMessage, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let event = ""
  let data: Array<string> = []
  let id: string | undefined
  /** Pieces of a line that has not ended yet: joined once, so that a message of many chunks stays linear. */
  let pieces: Array<string> = []
  let size = 0
  let afterCarriageReturn = false

  const grow = (by: number): void => {
    size += by
    if (size > options.maxMessageSize) throw new MessageTooLarge(`more than ${options.maxMessageSize} characters`)
  }

  const readLine = (line: string): ServerMessage | undefined => {
    if (line === "") {
      const message = data.length === 0 ? undefined : { event: event || "message", data: data.join("\n"), id }
      event = ""
      data = []
      size = 0
      return message
    }
    const colon = line.indexOf(":")
    if (colon === 0) {
      size -= line.length
      return undefined
    }
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    if (field === "data") data.push(value)
    else if (field === "event") event = value
    else if (field === "id" && !value.includes("\0")) id = value
    return undefined
  }

  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      options.onBytes?.()
      const text = decoder.decode(value, { stream: true })
      let start = 0
      if (afterCarriageReturn && text.startsWith("\n")) start = 1
      if (text !== "") afterCarriageReturn = text.endsWith("\r")
      const lineEnd = /\r\n|\r|\n/g
      lineEnd.lastIndex = start
      for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
        grow(end.index - start)
        pieces.push(text.slice(start, end.index))
        const message = readLine(pieces.length === 1 ? pieces[0]! : pieces.join(""))
        pieces = []
        start = lineEnd.lastIndex
        if (message !== undefined) yield message
      }
      if (start < text.length) {
        grow(text.length - start)
        pieces.push(text.slice(start))
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

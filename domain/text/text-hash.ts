/** So many characters of a text are looked at, evenly over its length, and so many of its end besides. */
const looked = 32
const lookedAtEnd = 8

/** Never 0. Cheap: texts with the same one are still told apart. */
export const hashOf = (text: string): number => {
  const { length } = text
  const step = length <= looked ? 1 : Math.ceil(length / looked)
  let hash = length
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  if (step > 1)
    for (let at = length - lookedAtEnd; at < length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  // The lower bits choose the place: let all of them have a say.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash ^= hash >>> 12
  return hash === 0 ? 1 : hash
}

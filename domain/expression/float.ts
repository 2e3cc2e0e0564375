/**
 * A floating point value at run time. Integers are plain JavaScript numbers and by far the more frequent; floats are
 * boxed, because the two must be told apart: JSON's `443` is a float and becomes the text `443.000000`.
 */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

export const zeroFloat = new Float(0)

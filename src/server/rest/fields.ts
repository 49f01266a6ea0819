/** What addresses and queries carry: each as text, checked before it is a number. */
import { z } from 'zod'
import { filePath, id, text } from '#src/contracts/common.ts'

/** A whole number as an address carries it: digits only, so that `1e3`, `0x10` and `NaN` are refused. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))

const maxInteger = 2 ** 31 - 1
export const maxSkip = 10_000

/** A version's number in a body. */
export const versionField = z.int().min(1).max(maxInteger)

const reference = text(200).min(1)

/** What each name in braces of a path stands for. */
export const pathFields = {
  model: reference.meta({ description: 'Id or name of a model' }),
  dataset: reference.meta({ description: 'Id or name of a data set' }),
  deployment: reference.meta({ description: 'Id or name of a deployment' }),
  job: reference.meta({ description: 'Id of a training job' }),
  upload: reference.meta({ description: 'Id of an upload: the last segment of its Location' }),
  project: reference.meta({ description: 'Id or name of a project' }),
  user: reference.meta({ description: 'Id or e-mail of a member' }),
  account: id.meta({ description: 'Id of a service account' }),
  key: id.meta({ description: 'Id of an API key' }),
  alert: id.meta({ description: 'Id of an alert' }),
  rule: id.meta({ description: 'Id of an alert rule' }),
  channel: id.meta({ description: 'Id of a channel' }),
  delivery: id.meta({ description: 'Id of a delivery' }),
  alias: text(100).min(1).meta({ description: 'Name of an alias' }),
  version: wholeNumber(1, maxInteger).meta({ description: 'Number of a version' }),
  path: filePath.meta({ description: 'Path of a file inside the version; it may hold slashes' }),
}
export type PathField = keyof typeof pathFields

export const pageQuery = {
  limit: wholeNumber(1, 1000).default(100).meta({ description: 'How many at most, up to 1000' }),
  skip: wholeNumber(0, maxSkip)
    .default(0)
    .meta({ description: 'How many to leave out, up to 10000; beyond that follow the cursor of the Link header' }),
  cursor: text(500).optional().meta({ description: 'Where the page before ended, as its Link header says' }),
}

export const sequence = wholeNumber(0, 999_999_999_999_999)

export type MetricName = { group: string; part: string }

const parts: Record<string, string> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  eval: 'validation',
  dev: 'validation',
  test: 'test',
}
const partNames = Object.keys(parts).join('|')
const before = new RegExp(`^(${partNames})[._/:-](.+)$`, 'i')
const after = new RegExp(`^(.+)[._/:-](${partNames})$`, 'i')

/** `val_loss` and `loss/train` belong on one chart, `loss`, as its lines `validation` and `train`; a plain name is a chart of one line. */
export function splitMetric(name: string): MetricName {
  const head = before.exec(name)
  if (head) return { group: (head[2] as string).toLowerCase(), part: parts[(head[1] as string).toLowerCase()] as string }
  const tail = after.exec(name)
  if (tail) return { group: (tail[1] as string).toLowerCase(), part: parts[(tail[2] as string).toLowerCase()] as string }
  return { group: name.toLowerCase(), part: '' }
}

const partOrder = ['train', 'validation', 'test', '']
const isLoss = (group: string) => /loss/.test(group)
const isRate = (group: string) => /^(lr|learning_rate)$/.test(group)
const rank = (group: string) => (isRate(group) ? 2 : isLoss(group) ? 0 : 1)

/** The charts of a job, losses first and the learning rate last; in each the lines in the order train, validation, test. */
export function groupMetrics(names: readonly string[]): { group: string; lines: { name: string; part: string }[] }[] {
  const groups = new Map<string, { name: string; part: string }[]>()
  for (const name of names) {
    const { group, part } = splitMetric(name)
    groups.set(group, [...(groups.get(group) ?? []), { name, part }])
  }
  return [...groups]
    .map(([group, lines]) => ({ group, lines: lines.sort((left, right) => partOrder.indexOf(left.part) - partOrder.indexOf(right.part)) }))
    .sort((left, right) => rank(left.group) - rank(right.group) || left.group.localeCompare(right.group))
}

/** A part keeps its colour on every chart: train the first, validation the second, test the third. */
export const partColor = (part: string) => Math.max(0, ['train', 'validation', 'test'].indexOf(part))

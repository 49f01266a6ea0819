/** Reads the parts of `evaluation.json` that can be drawn. Another trainer may leave some out or add more: what is not as expected is left out. */
type Json = Record<string, unknown>
export type XY = { x: number; y: number }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null)

function pointsOf(value: unknown, x: string, y: string): XY[] {
  return objects(value).flatMap((point) => {
    const [left, right] = [numberOf(point[x]), numberOf(point[y])]
    return left === null || right === null ? [] : [{ x: left, y: right }]
  })
}

export type Matrix = { labels: string[]; counts: number[][] }

function matrixOf(value: unknown): Matrix | null {
  if (!isObject(value) || !Array.isArray(value.labels) || !Array.isArray(value.counts)) return null
  const labels = value.labels.map(String)
  const counts = value.counts.map((row) => (Array.isArray(row) ? row.map((cell) => numberOf(cell) ?? 0) : []))
  return counts.length === labels.length && counts.every((row) => row.length === labels.length) && labels.length > 0
    ? { labels, counts }
    : null
}

export type Share = { label: string; count: number }

/** A list of `{feature, importance}` or a map of names to numbers, as percent of their sum; the largest first. What does not help is left out. */
function importanceOf(value: unknown): Share[] {
  const pairs: [string | null, number | null][] = isObject(value)
    ? Object.entries(value).map(([name, share]) => [name, numberOf(share)])
    : objects(value).map((item) => [
        textOf(item.feature ?? item.name ?? item.column),
        numberOf(item.importance ?? item.gain ?? item.permutation ?? item.value ?? item.mean ?? item.drop),
      ])
  const helping = pairs.flatMap(([label, count]) => (label === null || count === null || count <= 0 ? [] : [{ label, count }]))
  const sum = helping.reduce((total, { count }) => total + count, 0)
  return helping.map(({ label, count }) => ({ label, count: (100 * count) / sum })).sort((left, right) => right.count - left.count)
}

function histogramOf(value: unknown): Share[] {
  const histogram = isObject(value) && isObject(value.histogram) ? value.histogram : null
  if (!histogram || !Array.isArray(histogram.edges) || !Array.isArray(histogram.counts)) return []
  const { edges } = histogram
  return histogram.counts.flatMap((count, index) => {
    const [low, high] = [numberOf(edges[index]), numberOf(edges[index + 1])]
    return low === null || high === null ? [] : [{ label: `${low.toPrecision(3)} to ${high.toPrecision(3)}`, count: numberOf(count) ?? 0 }]
  })
}

export type MetricRange = {
  name: string
  value: number
  low: number | null
  high: number | null
  baselines: { name: string; value: number }[]
}

function baselinesOf(value: unknown): [string, Json][] {
  if (!isObject(value)) return []
  const nested = Object.entries(value).filter((entry): entry is [string, Json] => isObject(entry[1]))
  const named = nested.map(([name, metrics]): [string, Json] => [name, isObject(metrics.metrics) ? metrics.metrics : metrics])
  return named.length > 0 ? named : [['baseline', value]]
}

function metricsOf(value: unknown, baseline: unknown): MetricRange[] {
  if (!isObject(value)) return []
  const baselines = baselinesOf(baseline)
  return Object.entries(value).flatMap(([name, entry]) => {
    const own = isObject(entry) ? entry : { value: entry }
    const measured = numberOf(own.value)
    if (measured === null) return []
    const others = baselines.flatMap(([label, metrics]) => {
      const other = metrics[name]
      const figure = numberOf(isObject(other) ? other.value : other)
      return figure === null ? [] : [{ name: label, value: figure }]
    })
    return [{ name, value: measured, low: numberOf(own.low), high: numberOf(own.high), baselines: others }]
  })
}

export type ClassScore = { label: string; precision: number | null; recall: number | null; f1: number | null; support: number | null }
const classesOf = (value: unknown): ClassScore[] =>
  objects(value).map((item) => ({
    label: textOf(item.label) ?? '?',
    precision: numberOf(item.precision),
    recall: numberOf(item.recall),
    f1: numberOf(item.f1),
    support: numberOf(item.support),
  }))

/** Rows that the model got most wrong, as flat text by column. */
function worstOf(value: unknown): Record<string, string>[] {
  return objects(value)
    .slice(0, 20)
    .map((item) => {
      const { row, file: _file, values, features, inputs, ...rest } = item
      const flat = {
        ...rest,
        ...(isObject(row) ? row : row === undefined ? {} : { row }),
        ...(isObject(inputs) ? inputs : {}),
        ...(isObject(values) ? values : {}),
        ...(isObject(features) ? features : {}),
      }
      return Object.fromEntries(
        Object.entries(flat).map(([key, each]) => [
          key,
          typeof each === 'number' ? String(Number(each.toPrecision(4))) : (textOf(each) ?? JSON.stringify(each) ?? ''),
        ]),
      )
    })
}

/** How many rows were learnt from and measured on, as labelled counts. */
function rowsOf(split: unknown, data: unknown): Share[] {
  const parts = isObject(split) ? (['train', 'validation', 'test'] as const).map((label) => ({ label, count: numberOf(split[label]) })) : []
  const dropped = isObject(data) ? numberOf(data.duplicates_dropped) : null
  return [...parts, { label: 'duplicates dropped', count: dropped || null }].flatMap(({ label, count }) =>
    count === null ? [] : [{ label, count }],
  )
}

/** All drawable parts; an absent one is null or empty. */
export function readEvaluation(value: unknown) {
  const root = isObject(value) ? value : {}
  return {
    metrics: metricsOf(root.metrics, root.baseline ?? root.baselines),
    classes: classesOf(root.per_class),
    matrix: matrixOf(root.confusion_matrix),
    positiveLabel: textOf(root.positive_label),
    roc: pointsOf(root.roc, 'fpr', 'tpr'),
    pr: pointsOf(root.pr, 'recall', 'precision').sort((left, right) => left.x - right.x),
    calibration: pointsOf(root.calibration, 'confidence', 'accuracy'),
    importance: importanceOf(root.feature_importance ?? root.feature_importances ?? root.importance ?? root.importances),
    residuals: histogramOf(root.residuals),
    sample: pointsOf(root.sample, 'truth', 'prediction'),
    rows: rowsOf(root.split, root.data),
    worst: worstOf(root.worst ?? root.worst_errors ?? root.worst_rows),
  }
}
export type EvaluationParts = ReturnType<typeof readEvaluation>

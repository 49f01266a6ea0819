import type { TrafficChange, TrafficKind } from '#src/contracts/deployment.ts'
import { versionColor } from '../charts/colors.ts'
import type { ShareChange, ShareSeries } from '../charts/types.ts'

type Target = TrafficChange['targets'][number]

const keyOf = ({ model, version }: Target) => `${model}/${version}`

/** A version by its number alone, unless it is another model's than the deployment's. */
const nameOf = ({ model, version }: Target, own: string) => (model === own ? `version ${version}` : `${model} v${version}`)

/** The bands, in the order in which the versions came in; another model's are hatched, since colours go by a version's number. */
export function shareSeries(changes: readonly TrafficChange[], own: string): ShareSeries[] {
  const targets = new Map(changes.flatMap((change) => change.targets.filter(({ weight }) => weight > 0)).map((one) => [keyOf(one), one]))
  return [...targets].map(([key, target]) => ({
    key,
    label: nameOf(target, own),
    color: versionColor(target.version),
    isHatched: target.model !== own,
  }))
}

export const shareChanges = (changes: readonly TrafficChange[]): ShareChange[] =>
  changes.map(({ at, targets }) => ({ x: Date.parse(at), shares: Object.fromEntries(targets.map((one) => [keyOf(one), one.weight])) }))

/** Those that happened on the axis, numbered from the oldest; what was found when the record began is no event. */
export const numbered = (changes: readonly TrafficChange[], from: number) =>
  changes
    .filter(({ at, kind }) => Date.parse(at) >= from && kind !== 'recorded')
    .map((change, index) => ({ ...change, x: Date.parse(change.at), number: index + 1 }))

const verbs: Record<TrafficKind, string> = {
  recorded: 'Recorded',
  deployed: 'Deployed',
  set: 'Set by hand',
  switched: 'Switched',
  step: 'Next step of the switch',
  taken_back: 'Switch taken back',
  cancelled: 'Switch cancelled',
  stopped: 'Stopped',
}

/** What happened, in a phrase: "Switched: version 1 90 %, version 2 10 %". */
export function changeWords({ kind, targets }: TrafficChange, own: string): string {
  const shown = targets.filter(({ weight }) => weight > 0)
  if (shown.length === 0) return verbs[kind]
  const [only] = shown
  if (only && shown.length === 1) return `${verbs[kind]}: all to ${nameOf(only, own)}`
  return `${verbs[kind]}: ${shown.map((one) => `${nameOf(one, own)} ${one.weight} %`).join(', ')}`
}

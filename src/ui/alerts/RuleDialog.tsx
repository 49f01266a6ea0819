'use client'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import { useDeferredValue, useState } from 'react'
import {
  type AlertFigure,
  type AlertRule,
  alertDefaults,
  alertFigures,
  canBeCrossed,
  maxThreshold,
  type PreviewRule,
  stateWindowMinutes,
} from '#src/contracts/alert.ts'
import { installationWide, maxTyped, typedOf, unitWords, typedValue } from '#src/ui/alerts/figureText.ts'
import { PreviewChart } from '#src/ui/alerts/PreviewChart.tsx'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { TabList } from '#src/ui/kit/TabList.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/alert.ts').then((contract) => contract.createRule)
const figureOptions = (Object.keys(alertFigures) as AlertFigure[]).map((value) => ({ value, label: alertFigures[value].label }))
const pasts = [
  { key: '24', label: 'Last 24 hours' },
  { key: '168', label: 'Last 7 days' },
]

type Typed = {
  name: string
  figure: AlertFigure
  /** Empty for all, `deployment:ID` or `model:ID`. */
  scope: string
  warning: string
  critical: string
  windowMinutes: string
  minRequests: string
  forMinutes: string
  cooldownMinutes: string
  channelIds: string[]
}

const usualOf = (figure: AlertFigure) => ({
  warning: typedOf(figure, alertFigures[figure].warning),
  critical: typedOf(figure, alertFigures[figure].critical),
})

/** What goes with another figure than before: a state looks further back, and one request is enough to be missed. */
function withFigure(typed: Typed, figure: AlertFigure): Typed {
  const { isState, subject } = alertFigures[figure]
  const usual = { ...typed, figure, ...usualOf(figure), scope: subject ? '' : typed.scope }
  if (isState === alertFigures[typed.figure].isState) return usual
  const { windowMinutes, minRequests, forMinutes } = isState
    ? { windowMinutes: stateWindowMinutes, minRequests: 1, forMinutes: 0 }
    : alertDefaults
  return { ...usual, windowMinutes: String(windowMinutes), minRequests: String(minRequests), forMinutes: String(forMinutes) }
}

function typedFrom(rule: AlertRule | null): Typed {
  const { windowMinutes, minRequests, forMinutes, cooldownMinutes } = rule ?? alertDefaults
  const figure = rule?.figure ?? 'latency_p95'
  return {
    name: rule?.name ?? '',
    figure,
    scope: rule?.deployment ? `deployment:${rule.deployment.id}` : rule?.model ? `model:${rule.model.id}` : '',
    ...(rule ? { warning: typedOf(figure, rule.warning), critical: typedOf(figure, rule.critical) } : usualOf(figure)),
    windowMinutes: String(windowMinutes),
    minRequests: String(minRequests),
    forMinutes: String(forMinutes),
    cooldownMinutes: String(cooldownMinutes),
    channelIds: rule?.channels.map(({ id }) => id) ?? [],
  }
}

function inputOf(typed: Typed) {
  const [kind, id = null] = typed.scope.split(':')
  return {
    name: typed.name.trim(),
    figure: typed.figure,
    deployment: kind === 'deployment' ? id : null,
    model: kind === 'model' ? id : null,
    warning: typedValue(typed.figure, typed.warning),
    critical: typedValue(typed.figure, typed.critical),
    windowMinutes: Number(typed.windowMinutes),
    minRequests: Number(typed.minRequests),
    forMinutes: Number(typed.forMinutes),
    cooldownMinutes: Number(typed.cooldownMinutes),
    channelIds: typed.channelIds,
  }
}

const isWithin = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max

/** What can be previewed of what is typed; undefined while a number is half typed. */
function previewOf(typed: Typed, hours: number): PreviewRule | undefined {
  const { figure, deployment, model, warning, critical, windowMinutes, minRequests, forMinutes } = inputOf(typed)
  const isGood =
    isWithin(windowMinutes, 1, 1440) &&
    isWithin(minRequests, 0, 1_000_000) &&
    isWithin(forMinutes, 0, 60) &&
    [warning, critical].every((limit) => limit === null || (limit >= 0 && limit <= maxThreshold(figure) && canBeCrossed(figure, limit)))
  return isGood ? { figure, deployment, model, warning, critical, windowMinutes, minRequests, forMinutes, hours } : undefined
}

function useScopes() {
  const deployments = trpc.deployments.list.useQuery({ limit: 100 })
  const models = trpc.models.list.useQuery({ limit: 100 })
  return [
    { value: '', label: 'All deployments of the project' },
    ...(deployments.data?.items ?? [])
      .filter(({ status }) => status !== 'stopped')
      .map(({ id, name }) => ({ value: `deployment:${id}`, label: `Deployment ${name}` })),
    ...(models.data?.items ?? []).map(({ id, name }) => ({ value: `model:${id}`, label: `Deployments of the model ${name}` })),
  ]
}

function Preview({ typed }: { typed: Typed }) {
  const [hours, setHours] = useState('24')
  const rule = previewOf(useDeferredValue(typed), Number(hours))
  if (alertFigures[typed.figure].subject)
    return (
      <Box component="section" aria-label="Just now" sx={{ minWidth: 0 }}>
        {rule && <PreviewChart rule={rule} />}
      </Box>
    )
  return (
    <Box component="section" aria-label="On past data" sx={{ minWidth: 0, display: 'grid', gap: 2, alignContent: 'start' }}>
      <TabList id="preview" label="Which past" tabs={pasts} value={hours} onChange={setHours} />
      <Box id="preview-panel" role="tabpanel" aria-labelledby={`preview-${hours}`}>
        {rule ? (
          <PreviewChart rule={rule} height={260} />
        ) : (
          <Box sx={{ color: 'text.secondary' }}>The preview appears when the numbers are complete.</Box>
        )}
      </Box>
    </Box>
  )
}

function ChannelBoxes({ chosen, onChange }: { chosen: string[]; onChange: (ids: string[]) => void }) {
  const { data: channels } = trpc.channels.list.useQuery()
  if (!channels?.length) return null
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])
  return (
    <Box component="fieldset" sx={{ border: 0, m: 0, p: 0, display: 'grid' }}>
      <Box component="legend" sx={{ typography: 'label', fontSize: '0.8125rem', p: 0 }}>
        Tell only
      </Box>
      {channels.map(({ id, name }) => (
        <FormControlLabel
          key={id}
          label={name}
          control={<Checkbox size="small" checked={chosen.includes(id)} onChange={() => toggle(id)} />}
        />
      ))}
      <Box sx={{ typography: 'caption', color: 'text.secondary' }}>With none chosen, every channel that listens to alerts is told.</Box>
    </Box>
  )
}

/** Makes a rule, or changes one; what it would have done in the past stands beside it. */
export function RuleDialog({ rule, onClose }: { rule: AlertRule | null; onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const create = trpc.alerts.createRule.useMutation()
  const update = trpc.alerts.updateRule.useMutation()
  const scopes = useScopes()
  const { values, set, field, setValues, errors, error, isBusy, submit } = useForm<Typed>({
    initial: typedFrom(rule),
    schema,
    toInput: inputOf,
  })
  const send = submit(async (typed) => {
    const { figure, ...input } = inputOf(typed)
    const saved = rule ? await update.mutateAsync({ id: rule.id, ...input }) : await create.mutateAsync({ figure, ...input })
    void utils.alerts.invalidate()
    toast({ message: `The rule ${saved.name} is ${rule ? 'changed' : 'on'}.` })
    onClose()
  })
  const unit = unitWords[alertFigures[values.figure].unit]
  const { subject, isState = false, isBadAbove } = alertFigures[values.figure]
  const side = isBadAbove ? 'above' : 'below'
  const number = (
    name: keyof Typed & ('warning' | 'critical' | 'windowMinutes' | 'minRequests' | 'forMinutes' | 'cooldownMinutes'),
    label: string,
    help?: string,
  ) => (
    <Field
      label={label}
      name={name}
      type="number"
      min={0}
      max={name === 'warning' || name === 'critical' ? maxTyped(values.figure) : undefined}
      step="any"
      value={values[name]}
      onChange={(value) => set(name, value)}
      error={errors[name]}
      help={help}
    />
  )
  return (
    <FormDialog
      title={rule ? `Change the rule ${rule.name}` : 'Create alert rule'}
      submitLabel={rule ? 'Save rule' : 'Create rule'}
      isWide
      isBusy={isBusy}
      error={error}
      errorTitle="The rule was not saved"
      onSubmit={send}
      onClose={onClose}
    >
      <Box sx={{ display: 'grid', gap: 6, gridTemplateColumns: { md: 'minmax(0, 1fr) minmax(0, 1.2fr)' } }}>
        <Box sx={{ display: 'grid', gap: 4, alignContent: 'start' }}>
          <Field label="Name" {...field('name')} autoFocus />
          <SelectField
            label="Figure"
            name="figure"
            value={values.figure}
            isDisabled={rule !== null}
            onChange={(figure) => setValues(withFigure(values, figure as AlertFigure))}
            options={figureOptions}
            error={errors.figure}
          />
          <SelectField
            label="Watches"
            name="scope"
            value={values.scope}
            isDisabled={subject !== undefined}
            onChange={(value) => set('scope', value)}
            options={
              subject
                ? [{ value: '', label: installationWide[subject] }]
                : scopes.some(({ value }) => value === values.scope)
                  ? scopes
                  : [...scopes, { value: values.scope, label: 'As it was' }]
            }
            error={errors.deployment ?? errors.model}
          />
          <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: 'repeat(2, minmax(0, 1fr))' }}>
            {number('warning', `Warns ${side}`, `In ${unit}; empty for none.`)}
            {number('critical', `Critical ${side}`, `In ${unit}; empty for none.`)}
            {!isState && number('windowMinutes', 'Over', 'Minutes that the figure is taken over.')}
            {isState &&
              subject !== 'disk' &&
              number('windowMinutes', 'Seen within', 'Minutes; what was not there within them is not missed.')}
            {!subject &&
              number(
                'minRequests',
                'At least',
                isState ? 'Requests within them, to be missed.' : 'Requests, or reports, before a verdict.',
              )}
            {!isState && number('forMinutes', 'For', 'Minutes that a breach must last.')}
            {number('cooldownMinutes', 'Quiet for', 'Minutes before it tells of the same again; worse is told at once.')}
          </Box>
          <ChannelBoxes chosen={values.channelIds} onChange={(ids) => set('channelIds', ids)} />
        </Box>
        <Preview typed={values} />
      </Box>
    </FormDialog>
  )
}

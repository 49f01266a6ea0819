'use client'
import type { Model } from '#src/contracts/model.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { formatMetric, mainMetric } from '#src/ui/kit/format.ts'
import { useForm } from '#src/ui/kit/useForm.ts'
import type { VersionSummary } from '#src/ui/models/ModelFigures.tsx'
import { useAliases } from '#src/ui/models/useAliases.ts'

const schema = () => import('#src/contracts/model.ts').then((contract) => contract.setAlias)

type AliasDialogProps = { model: Model; versions: VersionSummary[]; alias: string; version?: number; onClose: () => void }

/** Sets an alias, or moves it, with the reason that its history keeps. */
export function AliasDialog({ model, versions, alias, version, onClose }: AliasDialogProps) {
  const { move } = useAliases(model)
  const present = model.aliases[alias]
  const toInput = (typed: { alias: string; version: string; reason: string }) => ({
    model: model.id,
    alias: typed.alias.trim(),
    version: typed.version,
    reason: typed.reason || undefined,
  })
  const initialVersion = version ?? versions.find((each) => each.status === 'ready')?.version ?? model.latestVersion
  const form = useForm({ initial: { alias, version: String(initialVersion), reason: '' }, schema, toInput })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await move(typed.alias.trim(), Number(typed.version), typed.reason)
    onClose()
  })
  const options = versions.map((each) => {
    const metric = mainMetric(each.metrics)
    return {
      value: String(each.version),
      label: `Version ${each.version}${metric ? ` · ${formatMetric(metric.value)}` : ''}${each.status === 'ready' ? '' : ` · ${each.status}`}`,
    }
  })
  return (
    <FormDialog
      title={present ? `Move ${alias}` : 'Set an alias'}
      submitLabel={present ? 'Move alias' : 'Set alias'}
      isBusy={isBusy}
      error={error}
      errorTitle="The alias was not set"
      onSubmit={send}
      onClose={onClose}
    >
      {present === undefined && <Field label="Alias" {...field('alias')} autoFocus help="For example champion or candidate." />}
      <SelectField label="Version" {...field('version')} options={options} help={present ? `Now on version ${present}.` : undefined} />
      <Field label="Why" {...field('reason')} isOptional help="Kept in the alias's history." />
    </FormDialog>
  )
}

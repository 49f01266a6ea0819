'use client'
import DeleteIcon from '@mui/icons-material/Close'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormHelperText from '@mui/material/FormHelperText'
import IconButton from '@mui/material/IconButton'
import { useState } from 'react'
import type { DeploymentDetail } from '#src/contracts/deployment.ts'
import { evenWeights, weightsProblem, weightsSum } from '#src/ui/deployments/deploymentFacts.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

type Target = { modelId: string; version: number }
/** `version` holds the model too: a deployment may serve versions of several models. */
type Row = { key: number; version: string; weight: string }
let nextKey = 1
const rowOf = (version: string, weight: number): Row => ({ key: nextKey++, version, weight: String(weight) })
const keyOf = ({ modelId, version }: Target) => `${modelId}/${version}`
const targetOf = (key: string): Target => ({
  modelId: key.slice(0, key.lastIndexOf('/')),
  version: Number(key.slice(key.lastIndexOf('/') + 1)),
})

/** What can be chosen: the model's ready versions, the newest first, and what serves already. */
function optionsOf(deployment: DeploymentDetail, versions: readonly { version: number; status: string }[]) {
  const own = versions
    .filter((one) => one.status === 'ready')
    .map((one) => ({ modelId: deployment.modelId, modelName: deployment.modelName, version: one.version }))
  const all = new Map([...own, ...deployment.targets].map((one) => [keyOf(one), one]))
  return [...all].map(([value, one]) => ({
    value,
    label: one.modelId === deployment.modelId ? `Version ${one.version}` : `${one.modelName} version ${one.version}`,
  }))
}

/** Saves the weights; the toast takes them back. */
function useSetTargets(deployment: DeploymentDetail, onDone: () => void) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const settle = () => void utils.deployments.invalidate()
  const takeBack = trpc.deployments.setTargets.useMutation({ onSuccess: settle })
  return trpc.deployments.setTargets.useMutation({
    onSuccess: () => {
      settle()
      const before = deployment.targets.map(({ modelId, version, weight }) => ({ modelId, version, weight }))
      toast({ message: 'The traffic is shared out anew.', undo: () => takeBack.mutate({ deployment: deployment.id, targets: before }) })
      onDone()
    },
  })
}

/** Which versions answer, and how much of the traffic each gets. */
export function TargetsDialog({ deployment, onClose }: { deployment: DeploymentDetail; onClose: () => void }) {
  const { data } = trpc.models.versions.useQuery({ model: deployment.modelId, limit: 200 })
  const [rows, setRows] = useState<Row[]>(() => deployment.targets.map((target) => rowOf(keyOf(target), target.weight)))
  const [problem, setProblem] = useState<string | null>(null)
  const save = useSetTargets(deployment, onClose)
  const options = optionsOf(deployment, data?.items ?? [])
  const change = (key: number, part: Partial<Row>) => {
    setRows((old) => old.map((row) => (row.key === key ? { ...row, ...part } : row)))
    setProblem(null)
  }
  const add = () =>
    setRows((old) => [...old, rowOf(options.find(({ value }) => !old.some((row) => row.version === value))?.value ?? '', 0)])
  const share = () => setRows((old) => old.map((row, index) => ({ ...row, weight: String(evenWeights(old.length)[index] ?? 0) })))
  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    const found = weightsProblem(rows)
    setProblem(found)
    if (found) return document.querySelector<HTMLInputElement>('input[name="weight-0"]')?.focus()
    save.mutate({ deployment: deployment.id, targets: rows.map((row) => ({ ...targetOf(row.version), weight: Number(row.weight) })) })
  }
  const sum = weightsSum(rows)
  return (
    <FormDialog
      title={`Traffic of ${deployment.name}`}
      submitLabel="Share out the traffic"
      isBusy={save.isPending}
      error={save.error}
      errorTitle="The traffic stays as it was"
      onSubmit={submit}
      onClose={onClose}
    >
      <Box sx={{ typography: 'body2', color: 'text.secondary' }}>
        A version takes traffic once it is loaded and its parity is checked; until then the others go on. All must have the same inputs and
        outputs.
      </Box>
      {rows.map((row, index) => (
        <Box key={row.key} sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr) 96px 32px', gap: 2, alignItems: 'end' }}>
          <SelectField
            label="Version"
            name={`version-${index}`}
            value={row.version}
            onChange={(version) => change(row.key, { version })}
            options={options}
          />
          <Field
            label="Percent"
            name={`weight-${index}`}
            value={row.weight}
            onChange={(weight) => change(row.key, { weight })}
            autoComplete="off"
          />
          <IconButton
            aria-label={`Take row ${index + 1} out`}
            disabled={rows.length === 1}
            onClick={() => setRows((old) => old.filter((one) => one.key !== row.key))}
          >
            <DeleteIcon sx={{ fontSize: 18 }} />
          </IconButton>
        </Box>
      ))}
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
        <Button variant="outlined" onClick={add} disabled={options.length <= rows.length}>
          Add a version
        </Button>
        <Button variant="outlined" onClick={share} disabled={rows.length < 2}>
          Share evenly
        </Button>
        <Box sx={{ flex: 1 }} />
        <Box
          role="status"
          sx={{ typography: 'body2', fontVariantNumeric: 'tabular-nums', color: sum === 100 ? 'text.secondary' : 'state.failedText' }}
        >
          Together {sum} %
        </Box>
      </Box>
      {problem && (
        <FormHelperText error role="alert">
          {problem}
        </FormHelperText>
      )}
    </FormDialog>
  )
}

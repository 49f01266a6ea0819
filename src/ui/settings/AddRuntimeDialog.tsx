'use client'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useId, useState } from 'react'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import { dockerCommand, isThisMachineOnly, type Joining, npmCommand } from '#src/ui/settings/joinCommand.ts'

const kinds = [
  { value: 'training', label: 'Training' },
  { value: 'inference', label: 'Inference' },
]
const needs = {
  training: 'Needs Node 20 and Python 3.10 with venv; PyTorch is installed at the first start, which takes some minutes.',
  inference: 'Needs Node 20. Callers and this server reach it on port 3001, or as --port and --advertise say.',
}

/** Shows the one command to run on another machine. What is typed here stays here: the token goes into the command alone. */
export function AddRuntimeDialog({ onClose }: { onClose: () => void }) {
  const id = useId()
  const [typed, setTyped] = useState({ kind: 'training' as Joining['kind'], name: '', token: '' })
  const set = (part: Partial<typeof typed>) => setTyped({ ...typed, ...part })
  const { origin } = window.location
  const joining = { ...typed, name: typed.name.trim(), token: typed.token.trim(), origin }
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby={id}>
      <DialogTitle id={id}>Add a runtime</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 4 }}>
        <SelectField
          label="Kind"
          name="kind"
          value={typed.kind}
          onChange={(kind) => set({ kind: kind as Joining['kind'] })}
          options={kinds}
          help={needs[typed.kind]}
        />
        <Field
          label="Name"
          name="name"
          isOptional
          value={typed.name}
          onChange={(name) => set({ name })}
          help="Under which it appears here; the machine's own name by default."
        />
        <Field
          label="Runtime token"
          name="token"
          isOptional
          isMono
          autoComplete="off"
          value={typed.token}
          onChange={(token) => set({ token })}
          help="Goes into the command below and nowhere else. It is in the file runtime.token of the data folder, or in /secrets/runtime.token of the container web."
        />
        <CodeSnippet
          label="Command for the other machine"
          snippets={[
            { label: 'npm', code: npmCommand(joining) },
            { label: 'Docker', code: dockerCommand(joining) },
          ]}
        />
        <Typography variant="body2" color="textSecondary">
          {isThisMachineOnly(origin)
            ? 'This address works on this machine alone. For others, start NeuroWeaver with HOST=0.0.0.0 and NEUROWEAVER_URL, and open it under that address.'
            : 'The other machine needs this address and nothing else of this installation: files come by digest, and it keeps them. It appears in the list within seconds.'}
        </Typography>
      </DialogContent>
      <DialogActions>
        <Button variant="contained" onClick={onClose}>
          Close
        </Button>
      </DialogActions>
    </Dialog>
  )
}

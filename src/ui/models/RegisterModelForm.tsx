'use client'
import Accordion from '@mui/material/Accordion'
import AccordionDetails from '@mui/material/AccordionDetails'
import AccordionSummary from '@mui/material/AccordionSummary'
import ExpandIcon from '@mui/icons-material/ExpandMore'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { ExternalFields } from '#src/ui/models/ExternalFields.tsx'
import { draftToInput, emptyDraft } from '#src/ui/models/registerDraft.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { UploadField } from '#src/ui/uploads/UploadField.tsx'
import { useUploads } from '#src/ui/uploads/UploadProvider.tsx'
import { uploadStore } from '#src/ui/uploads/uploadStore.ts'

const schema = () => import('#src/contracts/model.ts').then((contract) => contract.registerModel.omit({ files: true }))
/** `my model (2).onnx` → `my-model-2`: a name that is allowed. */
const nameOf = (file: string) =>
  file
    .replace(/\.[^.]*$/, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 100)

/** Files, or a server that answers for them, and a name make a model; a name that exists gets a new version. */
export function RegisterModelForm({ initialName }: { initialName: string }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const { whenSent } = useUploads()
  const [waitsFor, setWaitsFor] = useState<string | null>(null)
  const register = trpc.models.register.useMutation()
  const form = useForm({ initial: emptyDraft(initialName), schema, toInput: draftToInput })
  const { values, set, field, errors, setErrors, error, isBusy } = form

  const send = form.submit(async (typed) => {
    const isUpload = typed.source === 'files'
    if (isUpload && typed.files.length === 0) return setErrors({ files: 'Choose the file of the model.' })
    if (isUpload) setWaitsFor('Waiting for the upload')
    try {
      const files = isUpload ? { files: await whenSent(typed.files) } : {}
      setWaitsFor('Registering')
      const model = await register.mutateAsync({ ...draftToInput(typed), ...files })
      if (isUpload) uploadStore.removeWhere((item) => typed.files.includes(item.key))
      void Promise.all([utils.models.invalidate(), utils.home.invalidate()])
      toast({ message: `Version ${model.latestVersion} of ${model.name} is registered.` })
      router.push(`/models/${encodeURIComponent(model.name)}/versions/${model.latestVersion}`)
    } finally {
      setWaitsFor(null)
    }
  })
  const label = initialName && values.name === initialName ? 'Add the version' : 'Register the model'
  return (
    <>
      <PageHeader
        title={initialName ? `Add a version to ${initialName}` : 'Register a model'}
        crumbs={[
          { label: 'Models', href: '/models' },
          ...(initialName ? [{ label: initialName, href: `/models/${encodeURIComponent(initialName)}` }] : []),
        ]}
      />
      <Box component="form" onSubmit={send} noValidate sx={{ display: 'grid', gap: 5, maxWidth: 640 }}>
        <ToggleButtonGroup
          exclusive
          size="small"
          value={values.source}
          onChange={(_, next: typeof values.source | null) => next && set('source', next)}
          aria-label="What answers for the version"
        >
          <ToggleButton value="files">Upload files</ToggleButton>
          <ToggleButton value="external">Connect a server</ToggleButton>
        </ToggleButtonGroup>
        {values.source === 'external' ? (
          <ExternalFields values={values} errors={errors} set={set} />
        ) : (
          <UploadField
            label="Files"
            isMultiple
            value={values.files}
            onChange={(keys) => set('files', keys)}
            error={errors.files}
            help="An ONNX file with its weights inside. The upload begins at once and can be paused."
            onPicked={(files) => {
              const onnx = files.find((file) => file.name.endsWith('.onnx'))
              if (onnx && !values.name) set('name', nameOf(onnx.name))
            }}
          />
        )}
        <Field label="Name" {...field('name')} help="A name that exists already gets a new version." />
        <Field
          label="Description"
          {...field('description')}
          rows={3}
          isOptional
          help="What it is for, on what data it was trained, where it should not be used."
        />
        <Accordion
          slotProps={{ heading: { component: 'h2' } }}
          disableGutters
          variant="outlined"
          sx={{ borderRadius: '8px', '&::before': { display: 'none' } }}
        >
          <AccordionSummary expandIcon={<ExpandIcon sx={{ fontSize: 20 }} />}>Advanced: tags, specialization, base model</AccordionSummary>
          <AccordionDetails sx={{ display: 'grid', gap: 4 }}>
            <Field label="Tags" {...field('tags')} rows={3} isOptional isMono help="One a line: team: search" />
            <Field label="Specialization" {...field('specialization')} isOptional help="What it does best, in a word or two." />
            <Field label="Base model" {...field('baseModel')} isOptional help="The model that it was made from." />
          </AccordionDetails>
        </Accordion>
        <ErrorNotice title="The model was not registered" error={error} />
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 3 }}>
          <Button type="submit" variant="contained" loading={isBusy}>
            {label}
          </Button>
          <Box role="status" sx={{ typography: 'body2', color: 'text.secondary' }}>
            {waitsFor && `${waitsFor} …`}
          </Box>
        </Box>
      </Box>
    </>
  )
}

'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { asName } from '#src/ui/datasets/asName.ts'
import { datasetHref } from '#src/ui/datasets/datasetFacts.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { UploadField } from '#src/ui/uploads/UploadField.tsx'
import { useUploads } from '#src/ui/uploads/UploadProvider.tsx'
import { uploadStore } from '#src/ui/uploads/uploadStore.ts'

const schema = () => import('#src/contracts/dataset.ts').then((contract) => contract.createDataset.omit({ files: true }))
type Values = { name: string; description: string; files: string[] }
const toInput = (typed: Values) => ({ name: typed.name.trim(), description: typed.description || undefined })

/** Sends the files, waits until they have arrived, then leads to the data set, where the verifying shows. */
function useCreateDataset() {
  const router = useRouter()
  const utils = trpc.useUtils()
  const { whenSent } = useUploads()
  const [waitsFor, setWaitsFor] = useState<string | null>(null)
  const create = trpc.datasets.create.useMutation()
  const send = async (typed: Values) => {
    setWaitsFor('Waiting for the upload')
    try {
      const files = await whenSent(typed.files)
      setWaitsFor('Adding the data set')
      const dataset = await create.mutateAsync({ ...toInput(typed), files })
      uploadStore.removeWhere((item) => typed.files.includes(item.key))
      void Promise.all([utils.datasets.invalidate(), utils.home.invalidate()])
      router.push(datasetHref(dataset.name))
    } finally {
      setWaitsFor(null)
    }
  }
  return { send, waitsFor }
}

/** Files and a name make a data set; a name that exists gets a new version. */
export function RegisterDatasetForm({ initialName }: { initialName: string }) {
  const { send, waitsFor } = useCreateDataset()
  const form = useForm<Values>({ initial: { name: initialName, description: '', files: [] }, schema, toInput })
  const { values, set, field, errors, setErrors, error, isBusy } = form
  const submit = form.submit(async (typed) => {
    if (typed.files.length === 0) return setErrors({ files: 'Choose the file with the data.' })
    await send(typed)
  })
  const isVersion = initialName !== '' && values.name === initialName
  return (
    <>
      <PageHeader
        title={initialName ? `Add a version to ${initialName}` : 'Add a data set'}
        crumbs={[
          { label: 'Data sets', href: '/datasets' },
          ...(initialName ? [{ label: initialName, href: datasetHref(initialName) }] : []),
        ]}
      />
      <Box component="form" onSubmit={submit} noValidate sx={{ display: 'grid', gap: 5, maxWidth: 640 }}>
        <UploadField
          label="Files"
          accept=".csv,.jsonl,.ndjson,.tsv"
          isMultiple
          value={values.files}
          onChange={(keys) => set('files', keys)}
          error={errors.files}
          help="CSV with a header line, or JSONL with an object a line; several files with the same columns make one data set."
          onPicked={(files) => {
            if (files[0] && !values.name) set('name', asName(files[0].name.replace(/\.[^.]*$/, '')))
          }}
        />
        <Field label="Name" {...field('name')} help="A name that exists already gets a new version." />
        <Field
          label="Description"
          {...field('description')}
          rows={2}
          isOptional
          help="Where the data come from and what a row stands for."
        />
        <ErrorNotice title="The data set was not added" error={error} />
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 3 }}>
          <Button type="submit" variant="contained" loading={isBusy}>
            {isVersion ? 'Add the version' : 'Add the data set'}
          </Button>
          <Box role="status" sx={{ typography: 'body2', color: 'text.secondary' }}>
            {waitsFor && `${waitsFor} …`}
          </Box>
        </Box>
      </Box>
    </>
  )
}

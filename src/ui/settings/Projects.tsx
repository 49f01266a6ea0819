'use client'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Project } from '#src/contracts/access.ts'
import { chooseProject } from '#src/ui/frame/project.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { History } from '#src/ui/audit/History.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { PrivacyField } from '#src/ui/settings/PrivacyField.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.createProject)

function CreateProjectDialog({ onClose }: { onClose: () => void }) {
  const create = trpc.projects.create.useMutation()
  const toInput = ({ name, description, privacy }: { name: string; description: string; privacy: string }) => ({
    name,
    description,
    isPrivate: privacy === 'private',
  })
  const form = useForm({ initial: { name: '', description: '', privacy: 'open' }, schema, toInput })
  const { values, set, field, errors, error, isBusy } = form
  const send = form.submit(async (typed) => {
    const made = await create.mutateAsync(toInput(typed))
    chooseProject(made.name)
  })
  return (
    <FormDialog
      title="Create project"
      submitLabel="Create and open"
      isBusy={isBusy}
      error={error}
      errorTitle="The project was not made"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus help="Letters, digits, dots, dashes and underscores." />
      <Field label="Description" {...field('description')} rows={2} isOptional />
      <PrivacyField value={values.privacy} onChange={(value) => set('privacy', value)} error={errors.isPrivate} />
    </FormDialog>
  )
}

/** Projects keep models, data sets, jobs and deployments apart. */
export function Projects() {
  const { data, error, refetch } = trpc.projects.list.useQuery()
  const { data: me } = trpc.me.get.useQuery()
  const { isAdmin } = usePermissions()
  const [isCreating, setCreating] = useState(false)
  const columns: Column<Project>[] = [
    { key: 'name', header: 'Name', cell: (project) => project.name, sortValue: (project) => project.name },
    { key: 'description', header: 'Description', cell: (project) => project.description || '–' },
    {
      key: 'privacy',
      header: 'Seen by',
      cell: (project) => (project.isPrivate ? 'its members' : 'everybody'),
      sortValue: (project) => Number(project.isPrivate),
    },
    {
      key: 'created',
      header: 'Created',
      cell: (project) => <RelativeTime at={project.createdAt} />,
      sortValue: (project) => project.createdAt,
    },
  ]
  return (
    <Section
      title="Projects"
      note="Each keeps its own models, data sets, jobs and deployments."
      actions={
        isAdmin && (
          <Button variant="contained" onClick={() => setCreating(true)}>
            Create project
          </Button>
        )
      }
    >
      <ErrorNotice title="The projects could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="projects"
          label="Projects"
          columns={columns}
          rows={data}
          rowKey={(project) => project.id}
          rowHref={(project) => `/settings/projects/${project.name}`}
          hasColumnPicker={false}
          skeletonCount={2}
          peek={(project) => (
            <Section title={`History of ${project.name}`}>
              <History type="project" id={project.id} />
            </Section>
          )}
          rowActions={(project) =>
            project.id === me?.project.id ? (
              <StatusChip status="active" label="Open now" />
            ) : (
              <Button onClick={() => chooseProject(project.name)} aria-label={`Open ${project.name}`}>
                Open
              </Button>
            )
          }
        />
      )}
      {isCreating && <CreateProjectDialog onClose={() => setCreating(false)} />}
    </Section>
  )
}

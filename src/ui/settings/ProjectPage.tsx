'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Member, ProjectDetail, ProjectRole } from '#src/contracts/access.ts'
import { History } from '#src/ui/audit/History.tsx'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { PrivacyField } from '#src/ui/settings/PrivacyField.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const roles: { value: ProjectRole; label: string }[] = [
  { value: 'viewer', label: 'Viewer: looks' },
  { value: 'editor', label: 'Editor: also uploads, registers and trains' },
  { value: 'deployer', label: 'Deployer: also deploys' },
  { value: 'admin', label: 'Admin: also manages members and keys' },
]
const updateSchema = () => import('#src/contracts/access.ts').then((contract) => contract.updateProject)
const memberSchema = () => import('#src/contracts/access.ts').then((contract) => contract.setMember)

function EditDialog({ project, onClose }: { project: ProjectDetail; onClose: () => void }) {
  const router = useRouter()
  const update = trpc.projects.update.useMutation()
  const toInput = (typed: { name: string; description: string; privacy: string }) => ({
    project: project.id,
    name: typed.name,
    description: typed.description,
    isPrivate: typed.privacy === 'private',
  })
  const form = useForm({
    initial: { name: project.name, description: project.description, privacy: project.isPrivate ? 'private' : 'open' },
    schema: updateSchema,
    toInput,
  })
  const { values, set, field, errors, error, isBusy } = form
  const send = form.submit(async (typed) => {
    const changed = await update.mutateAsync(toInput(typed))
    if (changed.name !== project.name) router.replace(`/settings/projects/${changed.name}`)
    onClose()
  })
  return (
    <FormDialog
      title={`Edit ${project.name}`}
      submitLabel="Save"
      isBusy={isBusy}
      error={error}
      errorTitle="Nothing was saved"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus />
      <Field label="Description" {...field('description')} rows={2} isOptional />
      <PrivacyField value={values.privacy} onChange={(value) => set('privacy', value)} error={errors.isPrivate} />
    </FormDialog>
  )
}

function MemberDialog({ project, member, onClose }: { project: string; member: Member | null; onClose: () => void }) {
  const setMember = trpc.members.set.useMutation()
  const toInput = (typed: { user: string; role: ProjectRole }) => ({ project, user: typed.user.trim(), role: typed.role })
  const form = useForm({
    initial: { user: member?.email ?? '', role: member?.role ?? ('editor' as ProjectRole) },
    schema: memberSchema,
    toInput,
  })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await setMember.mutateAsync(toInput(typed))
    onClose()
  })
  return (
    <FormDialog
      title={member ? `Change role of ${member.name}` : 'Add member'}
      submitLabel={member ? 'Save' : 'Add member'}
      isBusy={isBusy}
      error={error}
      errorTitle="Nothing was changed"
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label="Email"
        {...field('user')}
        autoFocus={!member}
        isDisabled={member !== null}
        help={member ? undefined : 'Of a person, or service:NAME for a service account.'}
      />
      <SelectField label="Role" {...field('role')} options={roles} />
    </FormDialog>
  )
}

const columns: Column<Member>[] = [
  { key: 'name', header: 'Name', cell: (member) => member.name, sortValue: (member) => member.name },
  { key: 'email', header: 'Email', cell: (member) => member.email, sortValue: (member) => member.email },
  { key: 'role', header: 'Role here', cell: (member) => member.role, sortValue: (member) => member.role },
  {
    key: 'installation',
    header: 'Role everywhere',
    cell: (member) => member.installationRole,
    sortValue: (member) => member.installationRole,
  },
  { key: 'since', header: 'Since', cell: (member) => <RelativeTime at={member.createdAt} />, sortValue: (member) => member.createdAt },
]

function Members({ project, canManage }: { project: ProjectDetail; canManage: boolean }) {
  const toast = useToast()
  const { data, error, refetch } = trpc.members.list.useQuery({ project: project.id })
  const [editing, setEditing] = useState<Member | 'new' | null>(null)
  const handlers = {
    onSuccess: () => void refetch(),
    onError: (thrown: unknown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  }
  const restore = trpc.members.set.useMutation(handlers)
  const drop = trpc.members.remove.useMutation(handlers)
  const remove = async ({ userId: user, name, role }: Member) => {
    await drop.mutateAsync({ project: project.id, user })
    toast({
      message: `${name} is no longer a member of ${project.name}.`,
      undo: () => restore.mutate({ project: project.id, user, role }),
    })
  }
  const close = () => {
    setEditing(null)
    void refetch()
  }
  const add = canManage && (
    <Button variant="contained" onClick={() => setEditing('new')}>
      Add member
    </Button>
  )
  return (
    <Section title="Members" note="The larger of the role here and the role everywhere holds." actions={data?.length ? add : undefined}>
      <ErrorNotice title="The members could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="members"
          label="Members"
          columns={columns}
          rows={data}
          rowKey={(member) => member.userId}
          skeletonCount={2}
          hasColumnPicker={false}
          rowActions={
            canManage
              ? (member) => (
                  <>
                    <Button onClick={() => setEditing(member)} aria-label={`Change role of ${member.name}`}>
                      Change role
                    </Button>
                    <Button color="error" onClick={() => void remove(member).catch(() => {})} aria-label={`Remove ${member.name}`}>
                      Remove
                    </Button>
                  </>
                )
              : undefined
          }
          empty={
            <EmptyState
              sentence="No members yet. Until somebody is added, the roles that people have everywhere hold here too."
              action={add}
            />
          }
        />
      )}
      {editing && <MemberDialog project={project.id} member={editing === 'new' ? null : editing} onClose={close} />}
    </Section>
  )
}

function DeleteDialog({ project, onClose }: { project: ProjectDetail; onClose: () => void }) {
  const router = useRouter()
  const remove = trpc.projects.delete.useMutation({ onSuccess: () => router.replace('/settings/projects') })
  return (
    <ConfirmDialog
      isOpen
      title={`Delete the project ${project.name}?`}
      confirmLabel="Delete project"
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ project: project.id })}
      consequences={[
        'It must hold no models, and no job or upload under way.',
        'Jobs that have ended, the data sets that they were made of, and finished uploads go with it.',
        'Its keys are revoked, and its members lose what it granted.',
      ]}
    />
  )
}

/** A project: who belongs to it, what is in it, what happened to it. */
export function ProjectPage({ project: ref }: { project: string }) {
  const { data: project, error, refetch } = trpc.projects.get.useQuery({ project: ref })
  const [dialog, setDialog] = useState<'edit' | 'delete' | null>(null)
  if (!project) {
    if (readError(error).code === 'not_found')
      return (
        <EmptyState
          sentence="There is no project at this address. It may have been renamed or deleted."
          action={
            <ButtonLink href="/settings/projects" variant="contained">
              All projects
            </ButtonLink>
          }
        />
      )
    return error ? <ErrorNotice title="The project could not be read" error={error} onRetry={() => void refetch()} /> : <PageSkeleton />
  }
  const canManage = project.permissions.includes('admin')
  const { counts } = project
  return (
    <Box sx={{ display: 'grid', gap: 8 }}>
      <Section
        title={project.name}
        note={project.description || undefined}
        isFramed
        actions={
          canManage && (
            <>
              <Button variant="outlined" onClick={() => setDialog('edit')}>
                Edit
              </Button>
              <Button color="error" onClick={() => setDialog('delete')}>
                Delete
              </Button>
            </>
          )
        }
      >
        <KeyValues
          items={[
            {
              label: 'Seen by',
              value: (
                <StatusChip
                  status={project.isPrivate ? 'active' : 'live'}
                  label={project.isPrivate ? 'Its members alone' : 'Everybody here'}
                />
              ),
            },
            { label: 'You may', value: project.permissions.join(', ') },
            {
              label: 'Holds',
              value: [
                plural(counts.models, 'model'),
                plural(counts.datasets, 'data set'),
                plural(counts.jobs, 'training job'),
                plural(counts.deployments, 'deployment'),
              ].join(', '),
            },
            { label: 'Created', value: <RelativeTime at={project.createdAt} /> },
          ]}
        />
      </Section>
      <Members project={project} canManage={canManage} />
      <Section title="History">
        <History type="project" id={project.id} />
      </Section>
      {dialog === 'edit' && <EditDialog project={project} onClose={() => setDialog(null)} />}
      {dialog === 'delete' && <DeleteDialog project={project} onClose={() => setDialog(null)} />}
    </Box>
  )
}

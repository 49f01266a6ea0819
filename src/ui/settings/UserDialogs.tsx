'use client'
import type { Role, User } from '#src/contracts/access.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const roles: { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer: looks' },
  { value: 'user', label: 'User: looks, and what projects grant' },
  { value: 'manager', label: 'Manager: writes, trains and deploys' },
  { value: 'admin', label: 'Admin: manages everything' },
]
const createSchema = () => import('#src/contracts/access.ts').then((contract) => contract.createUser)
const updateSchema = () => import('#src/contracts/access.ts').then((contract) => contract.updateUser)

export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const create = trpc.users.create.useMutation()
  const form = useForm({ initial: { name: '', email: '', password: '', role: 'manager' as Role }, schema: createSchema })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    const made = await create.mutateAsync(typed)
    void utils.users.list.invalidate()
    toast({ message: `${made.name} can sign in now.` })
    onClose()
  })
  return (
    <FormDialog
      title="Add person"
      submitLabel="Add person"
      isBusy={isBusy}
      error={error}
      errorTitle="The account was not made"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus autoComplete="off" />
      <Field label="Email" {...field('email')} type="email" autoComplete="off" />
      <Field
        label="First password"
        {...field('password')}
        type="password"
        autoComplete="new-password"
        help="At least 10 characters. Tell it to them; they can change it."
      />
      <SelectField label="Role" {...field('role')} options={roles} />
    </FormDialog>
  )
}

export function EditUserDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const utils = trpc.useUtils()
  const update = trpc.users.update.useMutation()
  const toInput = (typed: { name: string; role: Role; password: string }) => ({
    id: user.id,
    name: typed.name,
    role: typed.role,
    password: typed.password || undefined,
  })
  const form = useForm({ initial: { name: user.name, role: user.role, password: '' }, schema: updateSchema, toInput })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await update.mutateAsync(toInput(typed))
    void utils.users.list.invalidate()
    onClose()
  })
  return (
    <FormDialog
      title={`Edit ${user.name}`}
      submitLabel="Save"
      isBusy={isBusy}
      error={error}
      errorTitle="Nothing was saved"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus autoComplete="off" />
      <SelectField label="Role" {...field('role')} options={roles} />
      <Field
        label="New password"
        {...field('password')}
        type="password"
        autoComplete="new-password"
        isOptional
        help="Leave empty to keep the present one. A new one signs them out everywhere."
      />
    </FormDialog>
  )
}

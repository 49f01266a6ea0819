import type { Metadata } from 'next'
import { RegisterDatasetForm } from '#src/ui/datasets/RegisterDatasetForm.tsx'

export const metadata: Metadata = { title: 'Add a data set' }

export default async function Page({ searchParams }: { searchParams: Promise<{ name?: string }> }) {
  const { name } = await searchParams
  return <RegisterDatasetForm initialName={name ?? ''} />
}

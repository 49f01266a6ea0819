import type { Metadata } from 'next'
import { RegisterModelForm } from '#src/ui/models/RegisterModelForm.tsx'

export const metadata: Metadata = { title: 'Register a model' }

export default async function Page({ searchParams }: { searchParams: Promise<{ name?: string }> }) {
  return <RegisterModelForm initialName={(await searchParams).name ?? ''} />
}

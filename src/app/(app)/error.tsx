'use client'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <>
      <PageHeader title="This page broke" tabTitle="■ Error" />
      <ErrorNotice
        title="Something in this page failed"
        error={error}
        hint="Try again; the rest of NeuroWeaver goes on working. If it stays so, report what you did and the sentence above."
        onRetry={reset}
      />
    </>
  )
}

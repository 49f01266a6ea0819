'use client'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'

/** For an address that leads to nothing. */
export function NotFound({ what = 'page', href = '/', label = 'Go home' }: { what?: string; href?: string; label?: string }) {
  return (
    <>
      <PageHeader title="Nothing here" tabTitle="Not found" />
      <EmptyState
        sentence={`There is no ${what} at this address. It may have been deleted, or it is in another project.`}
        action={
          <ButtonLink href={href} variant="contained">
            {label}
          </ButtonLink>
        }
      />
    </>
  )
}

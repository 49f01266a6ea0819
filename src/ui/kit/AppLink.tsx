'use client'
import Link, { type LinkProps } from '@mui/material/Link'
import NextLink from 'next/link'

/** A link inside the app: looks like ours, moves without a reload. */
export function AppLink(props: LinkProps & { href: string }) {
  return <Link component={NextLink} prefetch={false} {...props} />
}

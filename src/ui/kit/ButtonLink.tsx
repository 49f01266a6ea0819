'use client'
import Button, { type ButtonProps } from '@mui/material/Button'
import NextLink from 'next/link'

/** A button that goes to a page; it may be written in a server component too. */
export function ButtonLink(props: ButtonProps & { href: string }) {
  return <Button component={NextLink} {...props} />
}

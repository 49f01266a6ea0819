import { notFound } from 'next/navigation'

/** An address that no page has: shown inside the frame, so that one can go on from there. */
export default function MissingPage() {
  notFound()
}

import { NotFound } from '#src/ui/frame/NotFound.tsx'

export default function NotFoundPage() {
  return <NotFound />
}

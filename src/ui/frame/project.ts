'use client'
import { usePathname, useSearchParams } from 'next/navigation'
import { useEffect } from 'react'
import { writeUrl } from '#src/ui/kit/useUrlState.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** The chosen project, in a cookie that the server reads too; all that is shown belongs to it, so the page starts afresh. */
export function chooseProject(name: string, address = '/') {
  const secure = window.location.protocol === 'https:' ? '; Secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
  document.cookie = `nw_project=${encodeURIComponent(name)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  window.location.assign(address)
}

/** A link that somebody was sent names the project that it is in: that one is opened, if they may, and the address is the page's own again. */
export function useProjectOfLink() {
  const { data: me } = trpc.me.get.useQuery()
  const pathname = usePathname()
  const wanted = useSearchParams().get('project')
  useEffect(() => {
    if (!me || wanted === null) return
    writeUrl(pathname, { project: null })
    const project = me.projects.find(({ id, name }) => id === wanted || name === wanted)
    if (project && project.id !== me.project.id) chooseProject(project.name, `${pathname}${window.location.search}`)
  }, [me, pathname, wanted])
}

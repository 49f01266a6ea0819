'use client'
import { useEffect, useRef } from 'react'

type Mounted = { title: string }

/** Whatever is mounted and has a title, the last to come at the end: a page that is not found stands inside of a frame with its own. */
const mounted: Mounted[] = []
let observer: MutationObserver | undefined

function apply(): void {
  const wanted = mounted.at(-1)
  const text = `${wanted?.title} · NeuroWeaver`
  if (wanted && document.title !== text) document.title = text
}

/** The tab's title while mounted. Next streams a page's static title after the page itself, so the head is watched and ours set again. */
export function useTabTitle(title: string) {
  const own = useRef<Mounted>({ title })
  useEffect(() => {
    const entry = own.current
    mounted.push(entry)
    observer ??= new MutationObserver(apply)
    // One watcher for all titles: two, each with a title of its own, would set theirs again for ever.
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => {
      mounted.splice(mounted.indexOf(entry), 1)
      if (mounted.length === 0) observer?.disconnect()
      apply()
    }
  }, [])
  useEffect(() => {
    own.current.title = title
    apply()
  }, [title])
}

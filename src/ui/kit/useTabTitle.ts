'use client'
import { useEffect } from 'react'

/** The tab's title while mounted. Next streams a page's static title after the page itself, so the head is watched and ours set again. */
export function useTabTitle(title: string) {
  useEffect(() => {
    const wanted = `${title} · NeuroWeaver`
    const apply = () => {
      if (document.title !== wanted) document.title = wanted
    }
    apply()
    const observer = new MutationObserver(apply)
    observer.observe(document.head, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [title])
}

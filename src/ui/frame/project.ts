'use client'

/** The chosen project, in a cookie that the server reads too; all that is shown belongs to it, so the page starts afresh. */
export function chooseProject(name: string) {
  const secure = window.location.protocol === 'https:' ? '; Secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
  document.cookie = `nw_project=${encodeURIComponent(name)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  window.location.assign('/')
}

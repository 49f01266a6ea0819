/** A path of ours to go to after signing in; anything that leads elsewhere becomes the home page. */
export function localPath(wanted: string, origin: string): string {
  try {
    const url = new URL(wanted, origin)
    return url.origin === origin ? url.pathname + url.search + url.hash : '/'
  } catch {
    return '/'
  }
}

/** What floats stands outside the page's landmarks: an open menu is one of its own, so that it can be found and is announced by name. */
export const menuLandmark = (label: string) => ({ root: { role: 'region', 'aria-label': label }, list: { 'aria-label': label } })

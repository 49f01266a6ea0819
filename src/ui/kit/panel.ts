/** How a surface stands out from the page: by a line and a step of the background, never by a shadow. */
export const panel = { border: 1, borderColor: 'divider', borderRadius: '8px', bgcolor: 'background.paper' } as const

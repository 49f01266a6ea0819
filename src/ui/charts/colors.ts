const paletteSize = 7

/** The theme's colour for the n-th series, in Okabe and Ito's order. */
export const seriesColor = (index: number) => `var(--nw-palette-chart-${((index % paletteSize) + paletteSize) % paletteSize})`

/** A version has the same place in the palette on every page. */
export const versionColor = (version: number) => Math.max(0, version - 1) % paletteSize

export const chartTokens = {
  grid: 'var(--nw-palette-divider)',
  axis: 'var(--nw-palette-text-secondary)',
  text: 'var(--nw-palette-text-primary)',
  surface: 'var(--nw-palette-background-paper)',
} as const

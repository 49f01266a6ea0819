/** The colours of both schemes. Text on any surface, and white on any fill, has a contrast of at least 4.5 : 1. */
export type Tokens = {
  background: string
  surface: string
  /** One step off the surface: table heads, code, hovered rows. */
  raised: string
  line: string
  /** The edge of what is typed into: 3 : 1 on the surface. */
  fieldLine: string
  text: string
  muted: string
  disabled: string
  accent: string
  /** Under the pointer. */
  accentHover: string
  onAccent: string
  hover: string
  selected: string
  /** `x` colours a shape or a line (3 : 1), `xText` a word (4.5 : 1). */
  state: {
    idle: string
    running: string
    ready: string
    degraded: string
    failed: string
    readyText: string
    degradedText: string
    failedText: string
    failedWash: string
    degradedWash: string
  }
}

export const lightTokens: Tokens = {
  background: '#fbfbfa',
  surface: '#ffffff',
  raised: '#f5f5f2',
  line: '#e6e5e1',
  fieldLine: '#949389',
  text: '#1d1d1b',
  muted: '#66655f',
  disabled: '#8c8b85',
  accent: '#3b5bdb',
  accentHover: '#2f4ab8',
  onAccent: '#ffffff',
  hover: '#f3f3ef',
  selected: '#eef1fd',
  state: {
    idle: '#83827c',
    running: '#3b5bdb',
    ready: '#2b8a3e',
    degraded: '#b86e00',
    failed: '#c92a2a',
    readyText: '#23702f',
    degradedText: '#8a5200',
    failedText: '#b52222',
    failedWash: '#fdf1f0',
    degradedWash: '#fdf6ea',
  },
}

export const darkTokens: Tokens = {
  background: '#111213',
  surface: '#18191b',
  raised: '#1f2123',
  line: '#2a2c2f',
  fieldLine: '#686a6f',
  text: '#ececea',
  muted: '#9a9b9f',
  disabled: '#6f7074',
  accent: '#8aa2ff',
  accentHover: '#a5b8ff',
  onAccent: '#101217',
  hover: '#1f2123',
  selected: '#20263c',
  state: {
    idle: '#85868b',
    running: '#8aa2ff',
    ready: '#51b865',
    degraded: '#e0962e',
    failed: '#ee6a64',
    readyText: '#69cc7c',
    degradedText: '#efad52',
    failedText: '#ff8f88',
    failedWash: '#2a1a1a',
    degradedWash: '#2a2114',
  },
}

/** Okabe and Ito's order: told apart by people who see colours differently. */
export const chartColors = { 0: '#0072b2', 1: '#e69f00', 2: '#009e73', 3: '#cc79a7', 4: '#56b4e9', 5: '#d55e00', 6: '#f0e442' }

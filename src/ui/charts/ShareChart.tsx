'use client'
import Skeleton from '@mui/material/Skeleton'
import dynamic from 'next/dynamic'
import { EmptyChart } from './EmptyChart.tsx'
import type { ShareChartProps } from './types.ts'

const SharePlot = dynamic(() => import('./SharePlot.tsx').then((module) => module.SharePlot), {
  ssr: false,
  loading: () => <Skeleton variant="rounded" height={180} />,
})

/** How a whole is shared out over time: bands that change in steps, with numbered marks where they do. */
export function ShareChart(props: ShareChartProps) {
  if (props.series.length === 0) return <EmptyChart text={props.emptyText} height={props.height ?? 180} />
  return <SharePlot {...props} />
}

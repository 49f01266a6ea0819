'use client'
import Skeleton from '@mui/material/Skeleton'
import dynamic from 'next/dynamic'
import { EmptyChart } from './EmptyChart.tsx'
import type { LineChartProps } from './types.ts'

const LinePlot = dynamic(() => import('./LinePlot.tsx').then((module) => module.LinePlot), {
  ssr: false,
  loading: () => <Skeleton variant="rounded" height={220} />,
})

/** Lines over a shared x axis with a crosshair, names at the lines' ends and a table for those who listen. */
export function LineChart(props: LineChartProps) {
  const hasPoints = props.series.some((one) => one.points.some((point) => point.y !== null))
  if (!hasPoints) return <EmptyChart text={props.emptyText} height={props.height ?? 220} />
  return <LinePlot {...props} />
}

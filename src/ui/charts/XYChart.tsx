'use client'
import Skeleton from '@mui/material/Skeleton'
import dynamic from 'next/dynamic'
import { EmptyChart } from './EmptyChart.tsx'
import type { XYChartProps } from './types.ts'

const XYPlot = dynamic(() => import('./XYPlot.tsx').then((module) => module.XYPlot), {
  ssr: false,
  loading: () => <Skeleton variant="rounded" height={260} />,
})

/** Points or curves over two number axes: ROC, precision and recall, calibration, residuals. */
export function XYChart(props: XYChartProps) {
  if (!props.series.some((one) => one.points.length > 0)) return <EmptyChart text={props.emptyText} height={props.height ?? 260} />
  return <XYPlot {...props} />
}

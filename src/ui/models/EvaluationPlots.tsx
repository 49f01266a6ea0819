'use client'
import Box from '@mui/material/Box'
import { BarHistogram } from '#src/ui/charts/BarHistogram.tsx'
import { Heatmap } from '#src/ui/charts/Heatmap.tsx'
import { XYChart } from '#src/ui/charts/XYChart.tsx'
import { formatNumber } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { ClassScores } from '#src/ui/models/ClassScores.tsx'
import type { EvaluationParts } from '#src/ui/models/evaluationParts.ts'
import { MetricIntervals } from '#src/ui/models/MetricIntervals.tsx'
import { WorstRows } from '#src/ui/models/WorstRows.tsx'

const unit = [0, 1] as const
const shownFeatures = 25
const percent = (share: number) => `${Math.round(share * 100)} %`

/** The plots of an evaluation; a part that it lacks takes no room. */
export default function EvaluationPlots({ parts }: { parts: EvaluationParts }) {
  const { metrics, classes, matrix, positiveLabel, roc, pr, calibration, importance, residuals, sample, rows, worst } = parts
  const of = positiveLabel ? `, ${positiveLabel}` : ''
  return (
    <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'repeat(2, minmax(0, 1fr))' }, alignItems: 'start' }}>
      {metrics.length > 0 && (
        <Section title="Metrics" note="With the range that holds 95 % of resampled test sets, beside what guessing would give." isFramed>
          <MetricIntervals metrics={metrics} />
          {rows.length > 0 && (
            <Box sx={{ mt: 4, pt: 3, borderTop: 1, borderColor: 'divider', typography: 'body2', color: 'text.secondary' }}>
              Rows: {rows.map(({ label, count }) => `${formatNumber(count)} ${label}`).join(' · ')}
            </Box>
          )}
        </Section>
      )}
      {matrix && (
        <Section title="Confusion matrix" note="What was so down, what was answered across." isFramed>
          <Heatmap
            title="Counts of actual and predicted classes"
            rowLabels={matrix.labels}
            columnLabels={matrix.labels}
            values={matrix.counts}
            rowTitle="Actual"
            columnTitle="Predicted"
          />
        </Section>
      )}
      {roc.length > 1 && (
        <Section title={`ROC${of}`} note="The nearer to the upper left corner, the better." isFramed>
          <XYChart
            title="ROC curve"
            series={[{ key: 'roc', label: 'ROC', points: roc }]}
            xLabel="False positives"
            yLabel="True positives"
            xDomain={unit}
            yDomain={unit}
            formatX={percent}
            formatY={percent}
            reference="diagonal"
            emptyText="No curve"
          />
        </Section>
      )}
      {pr.length > 1 && (
        <Section title={`Precision and recall${of}`} note="The nearer to the upper right corner, the better." isFramed>
          <XYChart
            title="Precision and recall"
            series={[{ key: 'pr', label: 'Precision', points: pr }]}
            xLabel="Recall"
            yLabel="Precision"
            xDomain={unit}
            yDomain={unit}
            formatX={percent}
            formatY={percent}
            emptyText="No curve"
          />
        </Section>
      )}
      {calibration.length > 0 && (
        <Section title="Calibration" note="On the diagonal, a confidence of 80 % is right 80 times in 100." isFramed>
          <XYChart
            title="Calibration"
            series={[{ key: 'line', label: 'Right answers', points: calibration }]}
            xLabel="Confidence"
            yLabel="Right answers"
            xDomain={unit}
            yDomain={unit}
            formatX={percent}
            formatY={percent}
            reference="diagonal"
            emptyText="No bins"
          />
        </Section>
      )}
      {importance.length > 0 && (
        <Section
          title="Feature importance"
          note={`Share of what the features contribute${importance.length > shownFeatures ? `, the ${shownFeatures} largest of ${importance.length}` : ''}.`}
          isFramed
        >
          <BarHistogram
            title="Feature importance"
            bars={importance.slice(0, shownFeatures)}
            layout="rows"
            format={(value) => `${value.toFixed(1)} %`}
          />
        </Section>
      )}
      {sample.length > 0 && (
        <Section title="Predicted against actual" note="On the diagonal, the answer was exact." isFramed>
          <XYChart
            title="Predicted against actual"
            series={[{ key: 'sample', label: 'Rows', points: sample, kind: 'dots' }]}
            xLabel="Actual"
            yLabel="Predicted"
            reference="diagonal"
            emptyText="No rows"
          />
        </Section>
      )}
      {residuals.length > 0 && (
        <Section title="Residuals" note="Predicted minus actual; narrow and around zero is good." isFramed>
          <BarHistogram
            title="Residuals"
            bars={residuals}
            ends={[residuals[0]?.label.split(' to ')[0] ?? '', residuals.at(-1)?.label.split(' to ')[1] ?? '']}
          />
        </Section>
      )}
      {classes.length > 0 && (
        <Section title="By class">
          <ClassScores classes={classes} />
        </Section>
      )}
      {worst.length > 0 && (
        <Box sx={{ gridColumn: '1 / -1', minWidth: 0 }}>
          <Section title="Worst answers" note="Test rows that it got most wrong: look here for wrong labels and missing features.">
            <WorstRows rows={worst} />
          </Section>
        </Box>
      )}
    </Box>
  )
}

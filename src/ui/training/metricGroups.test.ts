import { expect, it } from 'vitest'
import { groupMetrics, splitMetric } from './metricGroups.ts'

it.each([
  ['train_loss', 'loss', 'train'],
  ['val/loss', 'loss', 'validation'],
  ['loss.train', 'loss', 'train'],
  ['validation_log_loss', 'log_loss', 'validation'],
  ['eval_macro_f1', 'macro_f1', 'validation'],
  ['macro_f1', 'macro_f1', ''],
  ['trained_tokens', 'trained_tokens', ''],
])('%s is the line "%s" part "%s"', (name, group, part) => {
  expect(splitMetric(name)).toEqual({ group, part })
})

it('puts losses first, the learning rate last and train before validation', () => {
  const groups = groupMetrics(['learning_rate', 'val_accuracy', 'val_loss', 'train_loss'])
  expect(groups.map((one) => one.group)).toEqual(['loss', 'accuracy', 'learning_rate'])
  expect(groups[0]?.lines.map((line) => line.part)).toEqual(['train', 'validation'])
})

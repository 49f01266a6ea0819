import { expect, test } from 'vitest'
import { tagsToText, textToTags } from '#src/ui/models/tagText.ts'

test('tags survive being typed', () => {
  const tags = { team: 'search', source: 'https://example.org/a', draft: '' }
  expect(textToTags(tagsToText(tags))).toEqual(tags)
  expect(textToTags('  team :  search \n\n draft')).toEqual({ team: 'search', draft: '' })
})

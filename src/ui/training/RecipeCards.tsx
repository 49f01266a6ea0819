import Box from '@mui/material/Box'
import type { Recipe, RecipeName } from '#src/contracts/training.ts'
import { metricTitle } from '#src/ui/kit/format.ts'

type Props = { recipes: readonly Recipe[]; value: RecipeName; onChange: (recipe: RecipeName) => void }

/** What can be trained, as cards of which one is chosen. */
export function RecipeCards({ recipes, value, onChange }: Props) {
  return (
    <Box component="fieldset" sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
      <Box component="legend" sx={{ typography: 'label', fontSize: '0.8125rem', p: 0, mb: 1 }}>
        Recipe
      </Box>
      <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: { sm: 'repeat(auto-fit, minmax(200px, 1fr))' } }}>
        {recipes.map((recipe) => {
          const isChosen = recipe.name === value
          return (
            <Box
              key={recipe.name}
              component="label"
              sx={{
                display: 'flex',
                gap: 2,
                p: 3,
                border: 1,
                borderRadius: '8px',
                cursor: 'pointer',
                bgcolor: isChosen ? 'action.selected' : 'background.paper',
                borderColor: isChosen ? 'primary.main' : 'divider',
                '&:hover': { borderColor: isChosen ? 'primary.main' : 'text.disabled' },
                '&:has(input:focus-visible)': { outline: '2px solid', outlineColor: 'primary.main', outlineOffset: 1 },
              }}
            >
              <Box
                component="input"
                type="radio"
                name="recipe"
                value={recipe.name}
                checked={isChosen}
                onChange={() => onChange(recipe.name)}
                sx={{
                  accentColor: 'var(--nw-palette-primary-main)',
                  m: 0,
                  mt: '3px',
                  alignSelf: 'flex-start',
                  flex: 'none',
                  '&:focus-visible': { outline: 'none !important' },
                }}
              />
              <Box sx={{ minWidth: 0 }}>
                <Box sx={{ fontWeight: 600 }}>{recipe.title}</Box>
                <Box sx={{ typography: 'body2', color: 'text.secondary' }}>{recipe.description}</Box>
                <Box sx={{ typography: 'caption', color: 'text.secondary', mt: 1 }}>Judged by {metricTitle(recipe.primaryMetric)}</Box>
              </Box>
            </Box>
          )
        })}
      </Box>
    </Box>
  )
}

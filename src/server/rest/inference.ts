/** Questions to models by name, in the form that a router of requests uses. */
import { z } from 'zod'
import { text } from '#src/contracts/common.ts'
import { signalOf } from '#src/server/http.ts'
import { callAction } from '#src/server/services/actions.ts'
import { askModel } from '#src/server/services/inference/ask.ts'
import { route } from './route.ts'

const inferenceBody = z
  .strictObject({
    model: text(200).min(1).meta({ description: 'Name or id of a deployment, else of a model that is deployed' }),
    prompt: text(1_000_000).min(1),
    context: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'What a language model should know: it is told as a system message, a `name: value` line for each entry' }),
    max_tokens: z.int().min(1).max(1_000_000).optional().meta({ description: "At most so many; the version's own limit holds too" }),
  })
  .transform(({ max_tokens: maxTokens, context, ...rest }) => ({
    ...rest,
    ...(context === undefined ? {} : { context }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  }))
  .meta({ title: 'Inference' })

const inferenceAnswer = z
  .object({
    response: z.string(),
    confidence: z.number().min(0).max(1).nullable().meta({
      description: 'Probability of the label; of a language model exp(mean token log-probability), null where its server gives none',
    }),
    model_version: z.string(),
    specialization: z.string().nullable(),
  })
  .meta({ title: 'InferenceAnswer' })

export const inferenceRoutes = [
  route({
    method: 'POST',
    path: '/inference',
    rule: 'read',
    actions: callAction,
    tag: 'Inference',
    summary: 'Ask a model by name',
    description:
      'For language models behind an external version, and for classifiers of text: the label is the response. A model that takes tensors answers 400 with the address to use instead.',
    body: inferenceBody,
    response: inferenceAnswer,
    refusals: [404, 429, 502, 504],
    example: { model: 'support-assistant', prompt: 'Where is my parcel?', context: { language: 'en' }, max_tokens: 200 },
    handle: async ({ caller, body, res }) => {
      const { response, confidence, modelVersion, specialization } = await askModel(caller, body, signalOf(res))
      return { response, confidence, model_version: modelVersion, specialization }
    },
  }),
]

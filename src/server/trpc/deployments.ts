import { z } from 'zod'
import {
  askDeployment,
  deployModel,
  deployment,
  deploymentDetail,
  deploymentPage,
  deploymentRef,
  listDeployments,
  metricBucket,
  metricsQuery,
  setTargets,
  trafficChange,
  trafficQuery,
  tryInfer,
  tryInferResult,
} from '#src/contracts/deployment.ts'
import { inferenceAnswer } from '#src/contracts/external.ts'
import { callDeployment } from '#src/server/services/deployments/calls.ts'
import * as change from '#src/server/services/deployments/change.ts'
import * as find from '#src/server/services/deployments/find.ts'
import { readMetrics } from '#src/server/services/deployments/metrics.ts'
import { readTraffic } from '#src/server/services/deployments/traffic.ts'
import { callAction } from '#src/server/services/actions.ts'
import { askModel } from '#src/server/services/inference/ask.ts'
import { procedure, router } from './init.ts'

export const deploymentsRouter = router({
  list: procedure('read')
    .input(listDeployments)
    .output(deploymentPage)
    .query(({ ctx, input }) => find.listDeployments(ctx.caller, input)),
  get: procedure('read')
    .input(deploymentRef)
    .output(deploymentDetail)
    .query(({ ctx, input }) => find.getDeploymentDetail(ctx.caller, input.deployment)),
  deploy: procedure('deploy')
    .input(deployModel)
    .output(deployment)
    .mutation(({ ctx, input }) => change.deployModel(ctx.caller, input)),
  setTargets: procedure('deploy')
    .input(setTargets)
    .output(deployment)
    .mutation(({ ctx, input }) => change.setTargets(ctx.caller, input)),
  stop: procedure('deploy')
    .input(deploymentRef)
    .output(deployment)
    .mutation(({ ctx, input }) => change.stopDeployment(ctx.caller, input.deployment)),
  metrics: procedure('read')
    .input(metricsQuery)
    .output(z.array(metricBucket))
    .query(({ ctx, input }) => readMetrics(ctx.caller, input)),
  traffic: procedure('read')
    .input(trafficQuery)
    .output(z.array(trafficChange))
    .query(({ ctx, input }) => readTraffic(ctx.caller, input)),
  infer: procedure('read', callAction)
    .input(tryInfer)
    .output(tryInferResult)
    .mutation(({ ctx, input }) => callDeployment(ctx.caller, input)),
  ask: procedure('read', callAction)
    .input(askDeployment)
    .output(inferenceAnswer)
    .mutation(({ ctx, input: { deployment: model, ...input }, signal }) =>
      askModel(ctx.caller, { ...input, model }, signal ?? new AbortController().signal),
    ),
})

/** Every address of the REST API. */
import { datasetRoutes } from './datasets.ts'
import { deploymentRoutes } from './deployments.ts'
import { modelRoutes } from './models.ts'
import { referenceRoutes } from './reference.ts'
import type { Route } from './route.ts'
import { systemRoutes } from './system.ts'
import { trainingRoutes } from './training.ts'
import { uploadRoutes } from './uploads.ts'
import { versionRoutes } from './versions.ts'

export const routes: readonly Route[] = [
  ...uploadRoutes,
  ...modelRoutes,
  ...versionRoutes,
  ...deploymentRoutes,
  ...datasetRoutes,
  ...trainingRoutes,
  ...systemRoutes,
  ...referenceRoutes(() => routes),
]

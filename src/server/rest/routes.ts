/** Every address of the REST API. */
import { alertRoutes } from './alerts.ts'
import { auditRoutes } from './audit.ts'
import { channelRoutes } from './channels.ts'
import { datasetRoutes } from './datasets.ts'
import { deploymentRoutes } from './deployments.ts'
import { keyRoutes } from './keys.ts'
import { inferenceRoutes } from './inference.ts'
import { modelRoutes } from './models.ts'
import { performanceRoutes } from './performance.ts'
import { projectRoutes } from './projects.ts'
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
  ...inferenceRoutes,
  ...performanceRoutes,
  ...datasetRoutes,
  ...trainingRoutes,
  ...alertRoutes,
  ...channelRoutes,
  ...auditRoutes,
  ...projectRoutes,
  ...keyRoutes,
  ...systemRoutes,
  ...referenceRoutes(() => routes),
]

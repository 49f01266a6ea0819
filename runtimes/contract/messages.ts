/** Every message of the runtime protocol and every file beside a model, by the name of its schema and examples. */
import type { z } from 'zod'
import { golden, manifest } from '#src/contracts/manifest.ts'
import * as protocol from '#src/contracts/runtime.ts'
import { recipe } from '#src/contracts/training.ts'

export const messages: Record<string, z.ZodType> = {
  'enrol-request': protocol.enrolRequest,
  'enrol-response': protocol.enrolResponse,
  'enrol-name-taken': protocol.enrolNameTaken,
  'heartbeat-request': protocol.heartbeatRequest,
  'heartbeat-response': protocol.heartbeatResponse,
  'claim-request': protocol.claimRequest,
  'claim-response': protocol.claimResponse,
  'job-heartbeat-request': protocol.jobHeartbeatRequest,
  'job-heartbeat-response': protocol.jobHeartbeatResponse,
  'events-request': protocol.eventsRequest,
  'events-response': protocol.eventsResponse,
  'checkpoint-request': protocol.checkpointRequest,
  'finish-request': protocol.finishRequest,
  'finish-response': protocol.finishResponse,
  'upload-response': protocol.runtimeUpload,
  'desired-request': protocol.desiredRequest,
  'desired-response': protocol.desiredResponse,
  'replicas-request': protocol.replicasRequest,
  'introspect-request': protocol.introspectRequest,
  'introspect-response': protocol.introspectResponse,
  manifest,
  golden,
  recipe,
}

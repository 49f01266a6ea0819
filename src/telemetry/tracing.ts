/** OpenTelemetry traces by OTLP over HTTP; off, and then free of cost, unless OTEL_EXPORTER_OTLP_ENDPOINT names where they go. */
import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

type Carrier = Record<string, unknown>
type SpanOptions = {
  kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  attributes?: Attributes
  /** Headers, or what a job carries: a `traceparent` in it makes this span a part of that trace. */
  from?: Carrier | undefined
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}
const tracer = () => trace.getTracer('neuroweaver')
let stop: (() => Promise<void>) | undefined

/** The libraries are loaded only when there is somewhere to send to. */
export async function startTracing(service: string): Promise<void> {
  if (!process.env.OTEL_EXPORTER_OTLP_ENDPOINT) return
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const processor = new BatchSpanProcessor(new OTLPTraceExporter(), { maxQueueSize: 4_096, scheduledDelayMillis: 1_000 })
  const resource = resourceFromAttributes({ 'service.name': `neuroweaver-${service}`, 'service.namespace': 'neuroweaver' })
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] })
  provider.register()
  stop = () => provider.shutdown()
}

/** Sends what waits, for at most so long. */
export async function stopTracing(limitMs: number): Promise<void> {
  const limit = new Promise((resolve) => setTimeout(resolve, limitMs).unref())
  await Promise.race([stop?.().catch(() => undefined), limit])
}

const parentOf = (from: Carrier | undefined) => (from ? propagation.extract(context.active(), from) : context.active())

/** Does `work` within a span, which ends with it and tells its failure. */
export async function traced<T>(
  name: string,
  { kind = 'internal', attributes = {}, from }: SpanOptions,
  work: (span?: Span) => Promise<T>,
): Promise<T> {
  if (!stop) return work()
  return tracer().startActiveSpan(name, { kind: kinds[kind], attributes }, parentOf(from), async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).name })
      throw error
    } finally {
      span.end()
    }
  })
}

/** A span of what is over already, below the one that is active; times are `performance.now()` milliseconds. */
export function noteSpan(name: string, fromMs: number, toMs: number, attributes: Attributes = {}): void {
  if (!stop) return
  const startTime = performance.timeOrigin + fromMs
  tracer()
    .startSpan(name, { startTime, attributes })
    .end(performance.timeOrigin + toMs)
}

/** What the active span is called by those who group: its route, without the ids in it. */
export function nameSpan(name: string, route: string): void {
  if (!stop) return
  trace.getActiveSpan()?.updateName(name).setAttribute('http.route', route)
}

/** The `traceparent` header that makes what is called a part of this trace; empty while there is none. */
export function traceHeaders(): Record<string, string> {
  const carrier: Record<string, string> = {}
  if (stop) propagation.inject(context.active(), carrier)
  return carrier
}

// The rooms as rules: what each must never reach. Files are resolved first, so an alias or a dynamic import does not slip through.
const never = (name, from, to, extra = {}) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: '\\.(test|e2e)\\.tsx?$' },
  to: { path: to, ...extra },
})
const doors = '^src/server/(trpc|rest|uploads|runtime)/'
const shared = '^src/server/(env|errors|log|http|identity|session|cookies|dist|bridge|health|metrics|passThrough)\\.ts$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    never('contracts-know-only-words', '^src/contracts/', '^(src|runtimes)/', { pathNot: '^src/contracts/' }),
    never('contracts-carry-only-zod', '^src/contracts/', '.', {
      dependencyTypes: ['npm', 'npm-dev', 'core'],
      pathNot: 'node_modules/zod/',
    }),
    never('ui-stays-in-the-browser', '^src/ui/', '^src/(server|app|testing|launcher)/|^runtimes/', {
      pathNot: '^src/server/trpc/root\\.ts$',
    }),
    never('ui-sees-the-router-as-a-type', '^src/ui/', '^src/server/', { dependencyTypesNot: ['type-only'] }),
    never('ui-has-no-node', '^src/ui/', '.', { dependencyTypes: ['core'] }),
    never('app-opens-doors-only', '^src/app/', '^src/server/|^runtimes/', { pathNot: doors }),
    // Next bundles these two with the pages: its build is given nothing else of the server.
    never('pages-bundle-the-bridge-alone', '^src/server/trpc/(auth|authRequest|server)\\.ts$', '^src/server/', {
      pathNot: '^src/server/bridge\\.ts$',
      dependencyTypesNot: ['type-only'],
    }),
    never('doors-call-services', doors, '^src/(app|ui)/|^src/server/(db|jobs)/|^runtimes/'),
    never('services-know-no-door', '^src/server/services/', `^src/(app|ui)/|${doors}|^src/server/jobs/handlers\\.ts$|^runtimes/`),
    never(
      'queues-and-storage-are-leaves',
      '^src/server/(storage/|jobs/queues\\.ts$)',
      `^src/(app|ui)/|${doors}|^src/server/services/|^runtimes/`,
    ),
    never('db-is-the-floor', '^src/server/db/', '^src/', { pathNot: `^src/(contracts|telemetry|server/db)/|${shared}` }),
    never('runtimes-see-contracts-only', '^runtimes/', '^src/', { pathNot: '^src/(contracts|telemetry)/' }),
    never('telemetry-knows-no-room', '^src/telemetry/', '^(src|runtimes)/', { pathNot: '^src/telemetry/' }),
    never('testing-stays-in-tests', '^(src|runtimes)/(?!testing/|e2e/)', '^src/(testing|e2e)/|\\.test\\.tsx?$'),
    never('onnxruntime-has-one-owner', '^(src|runtimes)/', 'node_modules/onnxruntime-node/', { pathNot: '^$' }),
  ].map((rule) =>
    rule.name === 'onnxruntime-has-one-owner'
      ? { ...rule, from: { path: rule.from.path, pathNot: '^runtimes/inference/(replica\\.ts|.*bench.*|testing/.*)$|\\.test\\.ts$' } }
      : rule,
  ),
  options: { tsConfig: { fileName: 'tsconfig.json' }, tsPreCompilationDeps: 'specify', doNotFollow: { path: 'node_modules' } },
}

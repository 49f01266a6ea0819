/** Runs in the browser before a page comes alive. Schemas try to compile themselves, which the pages' policy refuses: they need not try. */
const settings = globalThis as { __zod_globalConfig?: { jitless: boolean } }
settings.__zod_globalConfig = { jitless: true }

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'runtimes/inference/**/*.test.ts', 'runtimes/contract/**/*.test.ts'],
    globalSetup: ['src/testing/global-setup.ts'],
    pool: 'forks',
    // What services read of the settings when a test calls them itself; processes that tests start get their own.
    env: {
      LOG_LEVEL: 'error',
      DATABASE_URL: 'postgres://127.0.0.1/unused',
      RUNTIME_TOKEN: 'test-runtime-token',
      NEXTAUTH_SECRET: 'a-secret-that-only-tests-know-0123456789',
    },
    // One more than the cores that CI has: many tests wait for other processes.
    maxWorkers: 3,
    testTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 180_000,
  },
})

import { execFileSync } from 'node:child_process'
import { defineConfig, devices } from '@playwright/test'

/** The system's own Chromium; nothing is downloaded. */
function chromiumPath(): string {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  try {
    return execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome'], {
      encoding: 'utf8',
    }).trim()
  } catch {
    return ''
  }
}

export default defineConfig({
  testDir: 'src/e2e',
  testMatch: '*.spec.ts',
  // Each file starts a product of its own, and they share two cores.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  outputDir: 'test-results',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: chromiumPath() },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
})

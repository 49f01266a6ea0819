/** The settings that no process starts without, for tests that call services in their own process. Settings are read once: import it first. */
Object.assign(process.env, {
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  RUNTIME_TOKEN: 'r'.repeat(40),
  NEXTAUTH_SECRET: 's'.repeat(40),
})

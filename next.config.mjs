/** Only the pages are built; the server's own files are run by Node as they are. */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  serverExternalPackages: ['pg', 'pg-boss', 'onnxruntime-node', '@node-rs/argon2', '@tus/server'],
  // `npm run check` holds the types of all rooms at once; a second pass here would double the time of a start.
  // Next writes into its tsconfig, so it has one of its own.
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'src/app/tsconfig.json' },
}

export default config

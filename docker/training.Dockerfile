# The training runtime. Builds with and without BuildKit.
#   docker build -f docker/training.Dockerfile -t neuroweaver/training .                          PyTorch for the CPU
#   docker build -f docker/training.Dockerfile --build-arg DEVICE=cuda -t neuroweaver/training .  PyTorch for NVIDIA GPUs
FROM node:24-bookworm-slim AS packages
ARG DEVICE=cpu
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/python
# PyPI carries only the build for CUDA. That for the CPU is a fifth as large: it is taken from docker/wheels, else from PyTorch's own index.
# Where neither is in reach, the build for CUDA does the same work on the CPU.
COPY runtimes/training/requirements-torch.txt docker/training-lock.txt docker/wheels* /wheels/
RUN pip() { /opt/python/bin/pip install --no-cache-dir --disable-pip-version-check "$@"; }; \
    if [ "$DEVICE" = cuda ]; then rm -f /wheels/torch-*cpu*.whl; \
    elif ! ls /wheels/torch-*.whl >/dev/null 2>&1; then \
      pip --no-deps --retries 1 --timeout 15 --index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' /wheels/requirements-torch.txt)" \
      || echo 'PyTorch for the CPU is not in reach; the build for CUDA is taken.'; \
    fi; \
    pip --find-links /wheels -c /wheels/training-lock.txt -r /wheels/requirements-torch.txt
COPY runtimes/training/requirements-core.txt /tmp/
RUN /opt/python/bin/pip install --no-cache-dir --disable-pip-version-check -c /wheels/training-lock.txt -r /tmp/requirements-core.txt \
 && /opt/python/bin/pip uninstall -y -q pip && find /opt/python -name __pycache__ -prune -exec rm -rf {} +

FROM node:24-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 libgomp1 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data && chown node:node /data
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OMP_WAIT_POLICY=PASSIVE NEUROWEAVER_STATE_DIR=/data
USER node
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=6 CMD ["sh", "-c", "test -n \"$(find /data/heartbeat.json -newermt '-30 seconds')\""]
ENTRYPOINT ["neuroweaver-entry"]
CMD ["/opt/python/bin/python", "-m", "neuroweaver_training", "agent"]
COPY --from=packages /opt/python /opt/python
WORKDIR /app
COPY docker/entry.sh /usr/local/bin/neuroweaver-entry
COPY runtimes/contract runtimes/contract
COPY runtimes/training runtimes/training
WORKDIR /app/runtimes/training
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="NeuroWeaver training runtime" \
      org.opencontainers.image.description="Claims training jobs and runs them" \
      org.opencontainers.image.vendor="NeuroWeaver" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

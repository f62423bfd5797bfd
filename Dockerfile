# One service, two images:
#
#   docker build --target cpu -t innerloop:cpu .     # vLLM's build for processors
#   docker build --target gpu -t innerloop:gpu .     # on vLLM's own image
#
# Python packages are those of requirements.lock, by their hashes. Both run as uid 65532 on a root that may be read-only:
# /data, /models and /tmp are all that is written to. Behind a proxy or a mirror: --secret id=pip.conf,src=... and, for
# its certificate, --secret id=ca.pem,src=...; neither is kept in a layer.

# What they stand on. To have that very image for ever, say its digest too: VLLM_TAG=v0.32.0@sha256:...
ARG BASE_IMAGE=docker.io/library/python
ARG BASE_TAG=3.11-slim-bookworm
ARG VLLM_IMAGE=docker.io/vllm/vllm-openai
ARG VLLM_TAG=v0.32.0


# Our own wheel.
FROM ${BASE_IMAGE}:${BASE_TAG} AS wheel
WORKDIR /build
COPY requirements.lock ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca.pem,target=/etc/ssl/certs/ca-certificates.crt \
    python3 -m venv . \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock > setuptools.lock \
    && bin/pip install --no-cache-dir --no-deps --require-hashes -r setuptools.lock
COPY pyproject.toml README.md ./
COPY service service
RUN bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheel .


FROM ${BASE_IMAGE}:${BASE_TAG} AS cpu-build
WORKDIR /build
COPY requirements.lock ./
# Where torch for processors is, if pip is not configured for a place that has it.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_NO_DEPS=1 PIP_REQUIRE_HASHES=1 PIP_PYTHON=/opt/innerloop/bin/python
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca.pem,target=/etc/ssl/certs/ca-certificates.crt \
    python3 -m venv --without-pip /opt/innerloop \
    && sed -n '/^torch==/,/[^\\]$/p' requirements.lock > torch.lock \
    && sed '/^# Bill of materials/,$d' requirements.lock > serve.lock \
    && sed -n '/^# Bill of materials/,/^# Tools/p' requirements.lock > bill.lock \
    && { python3 -m pip install -r torch.lock || python3 -m pip install -r torch.lock --index-url "$TORCH_INDEX"; } \
    && python3 -m pip install -r serve.lock \
    && python3 -m pip install -r bill.lock --target /bill
COPY --from=wheel /wheel /wheel
COPY image/bill.py image/weights.sh ./
RUN PIP_REQUIRE_HASHES=0 python3 -m pip install --no-index /wheel/*.whl \
    && /opt/innerloop/bin/python bill.py /opt/innerloop/sbom.cdx.json \
    # What torch has for compiling against it, and packages' own tests.
    && rm -r /opt/innerloop/lib/python3*/site-packages/torch/include /opt/innerloop/lib/python3*/site-packages/torch/test \
    && find /opt/innerloop/lib/python3*/site-packages/torch/bin -type f ! -name torch_shm_manager -delete \
    && find /opt/innerloop -name '*.a' -delete \
    && find /opt/innerloop -type d -name tests -prune -exec rm -r {} +
# Of these agents the weights are in the image; with --build-arg WEIGHTS= of none, and /models is a volume.
ARG WEIGHTS="contracts procurement"
COPY agents /agents
# The list is a list.
# hadolint ignore=SC2086
RUN --mount=type=secret,id=hf_token,target=/run/secrets/hf_token sh weights.sh $WEIGHTS


FROM ${VLLM_IMAGE}:${VLLM_TAG} AS gpu-build
WORKDIR /build
# vLLM, torch and all that they brought stay as they are: ours stands over theirs, in an environment that sees both.
COPY requirements.lock ./
ENV UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1
RUN --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    --mount=type=secret,id=ca.pem,target=/etc/ssl/certs/ca-certificates.crt \
    export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    && uv venv --python "$(command -v python3)" --system-site-packages /opt/innerloop \
    && sed '/^# CPU/,$d' requirements.lock > serve.lock \
    && sed -n '/^# Bill of materials/,/^# Tools/p' requirements.lock > bill.lock \
    && install="uv pip install --python /opt/innerloop --no-deps --require-hashes" \
    && $install -r serve.lock \
    && $install -r bill.lock --target /bill
COPY --from=wheel /wheel /wheel
COPY image/bill.py image/weights.sh ./
RUN uv pip install --python /opt/innerloop --offline --no-deps /wheel/*.whl \
    && /opt/innerloop/bin/python bill.py /opt/innerloop/sbom.cdx.json
ARG WEIGHTS="contracts procurement"
COPY agents /agents
# hadolint ignore=SC2086
RUN --mount=type=secret,id=hf_token,target=/run/secrets/hf_token sh weights.sh $WEIGHTS


# Triton and FlashInfer compile kernels when they start: vLLM's image has the compilers for that, and so has this one.
# What follows on its base stands again at the end of `cpu`: no stage has two bases, and a test compares them.
FROM ${VLLM_IMAGE}:${VLLM_TAG} AS gpu
# Names: what looks for the user's fails without one.
RUN groupadd --gid 65532 innerloop \
    && useradd --uid 65532 --gid 65532 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin innerloop \
    && install -d -o 65532 -g 65532 /data /models
COPY --from=gpu-build /opt/innerloop /opt/innerloop
COPY --from=gpu-build --chown=65532:65532 /models /models
COPY agents /agents
COPY image/healthy.py /opt/innerloop/
ENV PATH=/opt/innerloop/bin:$PATH \
    HOME=/tmp \
    HF_HOME=/models/huggingface \
    XDG_CACHE_HOME=/tmp/cache \
    INNERLOOP_HOST=0.0.0.0 \
    INNERLOOP_PORT=8001 \
    INNERLOOP_MANAGEMENT_PORT=9464 \
    INNERLOOP_DATA=/data \
    INNERLOOP_CACHE=/models \
    PYTHONDONTWRITEBYTECODE=1
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
ARG VLLM_IMAGE
ARG VLLM_TAG
LABEL org.opencontainers.image.title="innerloop" \
      org.opencontainers.image.description="An agent microservice: a fine-tuned model behind A2A, on vLLM for GPUs" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="$VLLM_IMAGE:$VLLM_TAG"
USER 65532:65532
WORKDIR /data
VOLUME ["/data", "/tmp"]
# A2A over HTTP, over gRPC if it is on, probes and metrics.
EXPOSE 8001 8002 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "/opt/innerloop/healthy.py"]
ENTRYPOINT ["innerloop"]
CMD ["serve", "/agent"]


# Last: what a build makes that names no target.
FROM ${BASE_IMAGE}:${BASE_TAG} AS cpu
# What vLLM's kernels for processors are linked with; Debian's newest, which is the one with the fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libnuma1 \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/*
# Names: what looks for the user's fails without one.
RUN groupadd --gid 65532 innerloop \
    && useradd --uid 65532 --gid 65532 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin innerloop \
    && install -d -o 65532 -g 65532 /data /models
COPY --from=cpu-build /opt/innerloop /opt/innerloop
COPY --from=cpu-build --chown=65532:65532 /models /models
COPY agents /agents
COPY image/healthy.py /opt/innerloop/
ENV PATH=/opt/innerloop/bin:$PATH \
    HOME=/tmp \
    HF_HOME=/models/huggingface \
    XDG_CACHE_HOME=/tmp/cache \
    INNERLOOP_HOST=0.0.0.0 \
    INNERLOOP_PORT=8001 \
    INNERLOOP_MANAGEMENT_PORT=9464 \
    INNERLOOP_DATA=/data \
    INNERLOOP_CACHE=/models \
    PYTHONDONTWRITEBYTECODE=1
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=
ARG BASE_IMAGE
ARG BASE_TAG
LABEL org.opencontainers.image.title="innerloop" \
      org.opencontainers.image.description="An agent microservice: a fine-tuned model behind A2A, on vLLM for processors" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="$BASE_IMAGE:$BASE_TAG"
USER 65532:65532
WORKDIR /data
VOLUME ["/data", "/tmp"]
# A2A over HTTP, over gRPC if it is on, probes and metrics.
EXPOSE 8001 8002 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "/opt/innerloop/healthy.py"]
ENTRYPOINT ["innerloop"]
CMD ["serve", "/agent"]

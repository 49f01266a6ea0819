#!/usr/bin/env bash
# Builds the images, brings the whole product up from nothing, runs the demo against its published ports, kills each container once
# while a job and requests are under way, and checks that all is well again. Where there is no engine it says so and ends with 0.
#   docker/check.sh          build, try, remove
#   KEEP=1 docker/check.sh   leaves it running
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
skip() { say "skipped: $*"; exit 0; }

command -v docker >/dev/null || skip 'there is no docker on the PATH'
docker info >/dev/null 2>&1 || skip 'the Docker engine does not answer'
if docker compose version >/dev/null 2>&1; then compose=(docker compose); elif command -v docker-compose >/dev/null; then compose=(docker-compose); else skip 'neither "docker compose" nor docker-compose is there'; fi

project=neuroweaver-check
free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
export PORT=${PORT:-$(free_port)} INFERENCE_PORT=${INFERENCE_PORT:-$(free_port)}
export NEUROWEAVER_BOOTSTRAP_API_KEY=${NEUROWEAVER_BOOTSTRAP_API_KEY:-$(node -p 'require("crypto").randomBytes(24).toString("base64url")')}
url=http://127.0.0.1:$PORT
export NEUROWEAVER_URL=$url NEUROWEAVER_INFERENCE_URL=http://127.0.0.1:$INFERENCE_PORT
run() { "${compose[@]}" -p "$project" "$@"; }
remove() { [ "${KEEP:-}" ] || run down --volumes --remove-orphans >/dev/null 2>&1 || true; }
trap remove EXIT

# A wheel that lies ready is used; without it the build fetches PyTorch for the CPU itself.
mkdir -p docker/wheels
if ! ls docker/wheels/torch-*.whl >/dev/null 2>&1; then
  say 'fetching the PyTorch wheel'
  python3 -m pip download --quiet --no-deps --dest docker/wheels torch=="$(sed -n 's/^torch==//p' runtimes/training/requirements-torch.txt)" || say 'no wheel here; the build fetches it'
fi

seconds() { local from=$SECONDS; "$@"; say "$* took $((SECONDS - from)) s"; }
say 'building'
seconds run build
docker images --format '{{.Repository}} {{.Size}}' | grep '^neuroweaver/' | sort -u

await() { # what, seconds, command...
  local what=$1 limit=$2 from=$SECONDS; shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - from > limit)); then say "$what: not within $limit s"; run ps; run logs --tail 40; exit 1; fi
    sleep 1
  done
  say "$what after $((SECONDS - from)) s"
}
api() { curl --fail --silent --show-error --max-time 10 -H "Authorization: Bearer $NEUROWEAVER_API_KEY" "$@"; }
export NEUROWEAVER_API_KEY=$NEUROWEAVER_BOOTSTRAP_API_KEY
whole() { api "$url/api/v1/health" | grep -q '"status":"ok"'; }

say 'starting from nothing'
run up -d
await 'everything healthy' 180 whole

say 'the demo, over the published ports'
npm run --silent demo

deployment=$(api "$url/api/v1/deployments" | node -p 'JSON.parse(require("fs").readFileSync(0,"utf8"))[0].name')
dataset=$(api "$url/api/v1/datasets" | node -p 'JSON.parse(require("fs").readFileSync(0,"utf8"))[0].name')
target=$(api "$url/api/v1/training/jobs" | node -p 'JSON.parse(require("fs").readFileSync(0,"utf8"))[0].columns.target')
job_state() { api "$url/api/v1/training/jobs/$1" | node -p 'JSON.parse(require("fs").readFileSync(0,"utf8")).status'; }
serves() { api "http://127.0.0.1:$INFERENCE_PORT/v2/models/$deployment/ready"; }

for container in training inference worker web db; do
  job=$(api -X POST "$url/api/v1/training/jobs" -H 'Content-Type: application/json' \
    -d "{\"recipe\":\"tabular-classification\",\"dataset\":\"$dataset\",\"columns\":{\"target\":\"$target\"},\"model_name\":\"after-$container\"}" |
    node -p 'JSON.parse(require("fs").readFileSync(0,"utf8")).id')
  sleep 3
  say "killing $container while job $job is under way"
  docker kill "$(run ps -q "$container")" >/dev/null
  # A kill by hand counts as wished, so that no restart policy starts it again.
  run up -d >/dev/null 2>&1
  await 'everything healthy again' 120 whole
  await "$deployment serves" 60 serves
  done_yet() { [ "$(job_state "$job")" = succeeded ]; }
  await "job $job succeeded" 180 done_yet
done
models=$(api "$url/api/v1/models" | node -p 'JSON.parse(require("fs").readFileSync(0,"utf8")).filter((model) => model.status === "ready").length')
say "all is well: $models models are ready, and nothing was lost"

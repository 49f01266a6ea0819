#!/usr/bin/env bash
# Builds the images, brings the whole product up from nothing, runs the demo against its published ports, kills each container once
# while a job and requests are under way, and checks that all is well again. Where there is no engine it says so and ends with 0.
#   docker/check.sh          build, try, remove
#   KEEP=1 docker/check.sh   leaves it running, until the next check
#   UPGRADE_FROM=COMMIT docker/check.sh   also brings up that earlier version, and upgrades it
# Sizes and behaviour decide; times are measured beside their aims, since the machine may be busy with other work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

faults=0
say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
good() { say "ok     $*"; }
fault() { say "FAULT  $*"; faults=$((faults + 1)); }
check() { # what, command...: the command's status decides
  local what=$1; shift
  if "$@"; then good "$what"; else fault "$what"; fi
}
skip() { say "skipped: $*"; exit 0; }

command -v docker >/dev/null || skip 'there is no docker on the PATH'
docker info >/dev/null 2>&1 || skip 'the Docker engine does not answer'
if docker compose version >/dev/null 2>&1; then compose=(docker compose); elif command -v docker-compose >/dev/null; then compose=(docker-compose); else skip 'neither "docker compose" nor docker-compose is there'; fi
[ -x node_modules/.bin/esbuild ] || skip 'the demo runs on this machine and needs its packages: run "npm ci" first'

project=neuroweaver-check
work=$(mktemp -d)
asking=
free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
export PORT=${PORT:-$(free_port)} INFERENCE_PORT=${INFERENCE_PORT:-$(free_port)}
export NEUROWEAVER_URL=http://127.0.0.1:$PORT NEUROWEAVER_INFERENCE_URL=http://127.0.0.1:$INFERENCE_PORT
url=$NEUROWEAVER_URL
run() { "${compose[@]}" -p "$project" "$@"; }
second() { "${compose[@]}" -p "$project-second" "$@"; }
quiet() { "$@" >"$work/quiet.log" 2>&1 || { tail -20 "$work/quiet.log"; return 1; }; }
remove() {
  [ -z "$asking" ] || kill "$asking" 2>/dev/null || true
  second down --volumes >/dev/null 2>&1 || true
  docker image rm "$project/web" "$project/inference" >/dev/null 2>&1 || true
  [ "${KEEP:-}" ] || run down --volumes --remove-orphans >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap remove EXIT
id_of() { run ps -aq "$1"; } # also of one that was stopped
field() { node -p "JSON.parse(require('fs').readFileSync(0,'utf8'))$1"; }
took() { # what, aim in seconds or -, command...
  local what=$1 aim=$2 from=$SECONDS; shift 2
  quiet "$@" || { fault "$what"; exit 1; }
  say "time   $what: $((SECONDS - from)) s$([ "$aim" = - ] || echo " (aim: under $aim s)")"
}
await() { # what, seconds, command...
  local what=$1 limit=$2 from=$SECONDS; shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - from > limit)); then fault "$what: not within $limit s"; run ps; run logs --tail 30; exit 1; fi
    sleep 0.5
  done
  good "$what after $((SECONDS - from)) s"
}

# Of a check that was cut off, or that kept its installation: its models would count as this one's.
clear_left() { # project
  local mine="label=com.docker.compose.project=$1"
  [ "$(docker ps -aq --filter "$mine"; docker volume ls -q --filter "$mine")" ] || return 0
  say "note   an earlier check left $1; it is removed"
  quiet "${compose[@]}" -p "$1" down --volumes --remove-orphans
}

say "Docker $(docker version --format '{{.Server.Version}}'), $("${compose[@]}" version --short 2>/dev/null | head -1 | sed 's/^/compose /'), $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo '?')"

clear_left "$project"
clear_left "$project-second"

# ---- images

# A CPU wheel that lies ready is used; PyPI's own wheel is for CUDA, and the build fetches it itself where nothing else is in reach.
mkdir -p docker/wheels
if ! ls docker/wheels/torch-*cpu*.whl >/dev/null 2>&1; then
  python3 -m pip download --quiet --no-deps --dest docker/wheels "$(grep '^torch==' runtimes/training/requirements-torch.txt)" >/dev/null 2>&1 || true
  find docker/wheels -name 'torch-*.whl' ! -name '*cpu*' -delete
  # An empty folder would be another context than none, and everything would be installed anew.
  rmdir --ignore-fail-on-non-empty docker/wheels
fi
ls docker/wheels/torch-*cpu*.whl 2>/dev/null || say 'note   there is no CPU wheel of PyTorch here; the build takes one from download.pytorch.org, or else the wheel for CUDA'

took 'building web and worker' - run build secrets
took 'building inference' - run build inference
took 'building training' - run build training

# A copy of what git knows, so that a change in it touches nobody's work; the builder's cache goes by contents.
mkdir "$work/tree"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -c | tar -x -C "$work/tree"
rebuild() { docker build -q -f "docker/$1.Dockerfile" -t "$project/$1" "$work/tree"; }
quiet rebuild web && quiet rebuild inference
for changed in src/server/errors.ts src/contracts/common.ts; do
  echo "export const changedAt$SECONDS = $SECONDS" >>"$work/tree/$changed"
  took "web again after a change in $changed" 90 rebuild web
done
took 'inference again after a change in src/contracts/common.ts' 90 rebuild inference
say "load   $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo '?') on $(nproc) cores"
rm -rf "$work/tree"

in_image() { docker run --rm --network none --entrypoint sh "neuroweaver/$1" -c "$2"; }
size_under() { local size; size=$(docker image inspect -f '{{.Size}}' "neuroweaver/$1"); say "size   $1: $((size / 1000000)) MB (limit $2 MB)"; ((size < $2 * 1000000)); }
check 'web is small enough' size_under web 900
check 'inference is small enough' size_under inference 900
if in_image training '/opt/python/bin/python -c "import torch; raise SystemExit(torch.version.cuda is not None)"'; then
  check 'training is small enough' size_under training 2500
else
  size_under training 2500 || say 'note   the limit is for a CPU wheel; this image has the one for CUDA'
fi
for image in web inference training; do
  about() { docker image inspect -f "$1" "neuroweaver/$image"; }
  check "$image: runs as node, has a health check, a stop signal and labels" test "$(about '{{.Config.User}} {{.Config.StopSignal}} {{if .Config.Healthcheck}}checked{{end}} {{index .Config.Labels "org.opencontainers.image.version"}}')" = 'node SIGTERM checked 0.1.0'
  check "$image: no build tools" in_image "$image" 'for tool in gcc cc g++ make pip pip3 git curl; do if command -v $tool; then exit 1; fi; done; for name in typescript esbuild rollup playwright vitest; do if [ -e /app/node_modules/$name ]; then echo $name; exit 1; fi; done'
done
check 'web: holds the archives that it serves' in_image web 'cd /app/dist && test -s neuroweaver.tgz && if [ -e runtime.json ]; then test -s "$(node -p "require(\"/app/dist/runtime.json\").file")"; fi && ls -l'
check 'web: holds no tests' in_image web '! find /app/src /app/runtimes -name "*.test.*" | grep .'

# ---- start

all_healthy() {
  local service
  for service in db web worker inference training; do
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$(id_of $service)")" = healthy ] || return 1
  done
  api "$url/api/v1/health" | grep -q '"status":"ok"'
}
read_secret() { run run --rm --no-deps -T --entrypoint cat secrets "/secrets/$1" 2>/dev/null | tr -d '\r\n'; }
api() { curl --fail --silent --show-error --max-time 10 -H "Authorization: Bearer $NEUROWEAVER_API_KEY" "$@"; }

say 'starting from nothing, with no setting but two free ports'
from=$SECONDS
quiet run up -d || { fault 'compose up'; run logs --tail 30; exit 1; }
NEUROWEAVER_API_KEY=$(docker exec "$(id_of web)" cat /secrets/bootstrap.key)
export NEUROWEAVER_API_KEY
await 'everything healthy' 180 all_healthy
say "time   up to healthy: $((SECONDS - from)) s (aim: under 60 s); load $(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo '?')"
say "note   $(api "$url/api/v1/health" | field .parts.database.message)"
has_no_models() { [ "$(api "$url/api/v1/models")" = '[]' ]; }
check 'a first start has no models' has_no_models

for service in web worker inference training; do
  container=$(id_of $service)
  about() { docker inspect -f "$1" "$container"; }
  check "$service: read-only, no capabilities, no new privileges, limits" test "$(about '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{if .HostConfig.Memory}}memory{{end}} {{if .HostConfig.PidsLimit}}processes{{end}}')" = 'true [ALL] [no-new-privileges:true] memory processes'
  check "$service: no root, and nothing to write to but its volume and /tmp" docker exec "$container" sh -c '[ "$(id -u)" != 0 ] && ! touch /app/x 2>/dev/null && ! touch /usr/x 2>/dev/null && touch /tmp/x'
done

# ---- secrets

for name in database.password session.secret runtime.token bootstrap.key setup.code; do
  read_secret $name >"$work/$name"
  [ -s "$work/$name" ] || fault "there is no $name"
done
hidden() { # text on standard input holds none of the secrets
  local text name; text=$(cat)
  for name in "$@"; do if grep -qF -- "$(cat "$work/$name")" <<<"$text"; then echo "it holds $name"; return 1; fi; done
}
inspected() { docker inspect $(run ps -q) && docker image inspect neuroweaver/web neuroweaver/inference neuroweaver/training && for image in web inference training; do docker history --no-trunc "neuroweaver/$image"; done && run config; }
unsaid() { inspected | hidden database.password session.secret runtime.token bootstrap.key setup.code; }
unlogged() { run logs --no-color 2>&1 | hidden database.password session.secret runtime.token bootstrap.key; }
check 'no secret in docker inspect, in the history of an image or in the compose file' unsaid
check 'no secret in a log, but for the code of the first page' unlogged
runtimes_know() { [ "$(docker exec "$(id_of "$1")" sh -c 'cd /secrets && echo *')" = runtime.token ]; }
check 'training knows nothing but what enrols it' runtimes_know training
check 'inference knows nothing but what enrols it' runtimes_know inference
quiet run run --rm --no-deps -T secrets
kept() { [ "$(read_secret session.secret)" = "$(cat "$work/session.secret")" ]; }
check 'a second start keeps the secrets' kept
quiet second run --rm --no-deps -T secrets
others() { local name; for name in database.password session.secret runtime.token bootstrap.key setup.code; do [ "$(second run --rm --no-deps -T --entrypoint cat secrets "/secrets/$name" 2>/dev/null | tr -d '\r\n')" != "$(cat "$work/$name")" ] || return 1; done; }
check 'a second installation has other secrets' others
second down --volumes >/dev/null 2>&1

# ---- the demo

say 'the demo, over the published ports'
from=$SECONDS
check 'the demo' npm run --silent demo
say "time   the demo: $((SECONDS - from)) s"
fetched() { curl --fail --silent --output "$work/got" "$url/dist/$1"; }
opens() { fetched "$1" && tar -tzf "$work/got" "$2" >/dev/null; }
check 'web serves the archive of the client' opens neuroweaver.tgz package/package.json
about_runtime() { fetched runtime.json && field .file <"$work/got"; }
check 'web serves the archive of the runtimes, whose name it tells' opens "$(about_runtime)" runtime/inference/server.js
export DEPLOYMENT
DEPLOYMENT=$(api "$url/api/v1/deployments" | field '[0].name')

# ---- each container is killed once

state_of() { api "$url/api/v1/training/jobs/$1" | field .status; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
has_begun() { [ "$(api "$url/api/v1/training/jobs/$1" | field '.step > 0')" = true ]; }
start_job() {
  api -X POST "$url/api/v1/training/jobs" -H 'Content-Type: application/json' -d "{\"recipe\":\"tabular-classification\",\"dataset\":\"$DEPLOYMENT\",\"columns\":{\"target\":\"gives\"},\"model_name\":\"$1\",\"hyper_parameters\":{\"algorithm\":\"mlp\",\"epochs\":${EPOCHS:-120},\"patience\":0}}" | field .id
}
serves() { api "$NEUROWEAVER_INFERENCE_URL/v2/models/$DEPLOYMENT/ready"; }
starts_of() { docker inspect -f '{{.State.StartedAt}}' "$(id_of "$1")"; }
started_anew() { [ "$(starts_of "$1")" != "$2" ]; }
# As a crash would: every process in it dies by SIGKILL, and Docker's restart policy alone brings it back.
crash() { docker exec "$(id_of "$1")" sh -c 'kill -9 -1' || true; }

jobs=()
for part in training inference worker web db; do
  job=$(start_job "after-$part")
  jobs+=("$job")
  await "job $part has begun" 120 has_begun "$job"
  node docker/requests.mjs ask "$work/$part.jsonl" & asking=$!
  sleep 3
  say "killing $part while its job is $(state_of "$job")"
  before=$(starts_of $part)
  crash $part
  await "$part was started anew by Docker" 60 started_anew $part "$before"
  await 'everything is healthy again' 120 all_healthy
  await "$DEPLOYMENT serves" 60 serves
  sleep 3
  kill "$asking"; wait "$asking" 2>/dev/null || true; asking=
  check "requests while $part was away" node docker/requests.mjs judge "$work/$part.jsonl" "$part"
  await "the job of $part succeeded" 300 is_state "$job" succeeded
  attempts=$(api "$url/api/v1/training/jobs/$job" | field .attempt)
  say "note   attempts of the job: $attempts"
  [ $part != training ] || check 'another attempt went on with the job' test "$attempts" -gt 1
done
whole() {
  local job models; for job in "${jobs[@]}"; do is_state "$job" succeeded || { api "$url/api/v1/training/jobs/$job"; return 1; }; done
  models=$(api "$url/api/v1/models" | field '.map((model) => model.name + " " + model.status).join()')
  [ "$(tr , '\n' <<<"$models" | grep -c ' ready$')" = 6 ] || { echo "$models"; return 1; }
}
check 'six models are ready, and every job has succeeded' whole

# ---- a backup, restored beside it by the commands of the operations page as they stand there

commands_of() { awk -v title="## $1" '$0 == title { on = 1; next } /^## / { on = 0 } on && /^```$/ { exit } on && inside { print } on && /^```sh$/ { inside = 1 }' docker/OPERATIONS.md; }
as_written() { # heading, project
  local compose_here="${compose[*]} --project-directory $PWD -f $PWD/docker-compose.yml -p $2"
  commands_of "$1" | sed "s|docker compose|$compose_here|; s| HEAD$| $head|" >"$work/$1.sh"
  (cd "$work" && bash -euo pipefail -x "$1.sh") >"$work/$1.log" 2>&1 || { tail -20 "$work/$1.log"; return 1; }
}
head=
restore() {
  local PORT INFERENCE_PORT
  PORT=$(free_port) INFERENCE_PORT=$(free_port)
  export PORT INFERENCE_PORT
  NEUROWEAVER_URL=http://127.0.0.1:$PORT NEUROWEAVER_INFERENCE_URL=http://127.0.0.1:$INFERENCE_PORT as_written Restore "$project-second"
  restored=http://127.0.0.1:$INFERENCE_PORT
}
backup_and_restore() {
  check 'a backup, while everything runs' as_written Backup "$project"
  head=$(awk '$1 == "head" { print $2 }' "$work/Backup.log")
  local from=$SECONDS
  check 'the backup, restored on an installation that was never started, with every artifact and the record up to its head' restore
  await 'what was deployed serves there' 60 api "$restored/v2/models/$DEPLOYMENT/ready"
  say "time   restore: $((SECONDS - from)) s"
  second down --volumes >/dev/null 2>&1
}
major_of() { run exec -T db "$1" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'; }
# A pg_dump refuses a newer server; an image that is put together where no registry is in reach may hold one.
server=$(major_of postgres) dump=$(major_of pg_dump)
if [ "$dump" -ge "$server" ]; then backup_and_restore; else say "skipped: backup and restore: the database image has PostgreSQL $server, but pg_dump $dump, which can not dump it (DB_IMAGE names another)"; fi

# ---- an earlier version, upgraded by the commands of the operations page as they stand there

upgrade() { # its commit
  local project=$project-second tree=$work/earlier PORT INFERENCE_PORT url NEUROWEAVER_URL NEUROWEAVER_INFERENCE_URL NEUROWEAVER_API_KEY DEPLOYMENT
  PORT=$(free_port) INFERENCE_PORT=$(free_port)
  url=http://127.0.0.1:$PORT NEUROWEAVER_URL=$url NEUROWEAVER_INFERENCE_URL=http://127.0.0.1:$INFERENCE_PORT
  export PORT INFERENCE_PORT NEUROWEAVER_URL NEUROWEAVER_INFERENCE_URL NEUROWEAVER_API_KEY
  mkdir "$tree"
  git archive "$1" | tar -x -C "$tree"
  earlier() { "${compose[@]}" --project-directory "$tree" -f "$tree/docker-compose.yml" -p "$project" "$@"; }
  took "building $1" - earlier build
  took "starting $1" - earlier up -d
  NEUROWEAVER_API_KEY=$(docker exec "$(id_of web)" cat /secrets/bootstrap.key)
  await "$1 is healthy" 180 all_healthy
  check "the demo on $1" npm run --silent demo
  DEPLOYMENT=$(api "$url/api/v1/deployments" | field '[0].name')
  local before=$SECONDS
  check 'the upgrade' as_written Upgrade "$project"
  await 'everything is healthy after the upgrade' 180 all_healthy
  await 'what was deployed before serves' 60 serves
  say "time   upgrade: $((SECONDS - before)) s"
  check 'the record and every artifact are whole' quiet run exec -T web neuroweaver-entry node src/launcher/nw.ts verify
  check 'the demo again, with the data of before' npm run --silent demo
  run down --volumes >/dev/null 2>&1
}
if [ "${UPGRADE_FROM:-}" ]; then upgrade "$UPGRADE_FROM"; fi

# ---- faults

port_taken() { docker run --rm -p "127.0.0.1:$PORT:3000" --entrypoint true neuroweaver/web >"$work/port.log" 2>&1; [ $? != 0 ] && grep -o 'port is already allocated' "$work/port.log"; }
check 'a port in use is refused, by Docker itself' port_taken

in_data() { run run --rm --no-deps -T --entrypoint sh web -c "$1" 2>/dev/null; }
run stop web worker >/dev/null 2>&1
kept_stamp=$(in_data 'cat /data/installation.json')
in_data 'echo "{\"version\":\"99.0.0\"}" >/data/installation.json'
newer() { ! run run --rm --no-deps -T web >"$work/newer.log" 2>&1 && grep -F '99.0.0' "$work/newer.log"; }
check 'a volume from a newer version is refused, and says so' newer
in_data "echo '$kept_stamp' >/data/installation.json"

wrong_host() { ! run run --rm --no-deps -T -e DATABASE_URL=postgres://someone:hunter2hunter2@nowhere.invalid:5432/x web >"$work/host.log" 2>&1 && grep -i 'nowhere.invalid' "$work/host.log" && ! grep -q hunter2 "$work/host.log"; }
check 'a database at a wrong host is named, without its password' wrong_host
say 'web starts while there is no database'
run stop db >/dev/null 2>&1
docker start "$(id_of web)" >/dev/null
restarted() { [ "$(docker inspect -f '{{.RestartCount}}' "$(id_of web)")" -gt 0 ]; }
await 'web is started again and again' 60 restarted
docker logs --tail 3 "$(id_of web)" 2>&1 | cut -c1-300
docker start "$(id_of db)" "$(id_of worker)" >/dev/null
await 'everything is healthy once the database is back' 120 all_healthy

# ---- stop, and start again

for service in training inference worker web db; do
  container=$(id_of $service)
  grace=$(docker inspect -f '{{.Config.StopTimeout}}' "$container"); [ "$grace" != '<no value>' ] && [ "$grace" != '<nil>' ] || grace=15
  from=$SECONDS
  docker stop -t "$grace" "$container" >/dev/null
  code=$(docker inspect -f '{{.State.ExitCode}}' "$container")
  stopped() { [ "$code" = 0 ] || [ "$code" = 143 ]; }
  check "$service stops by itself: status $code after $((SECONDS - from)) s of $grace s" stopped
done
from=$SECONDS
quiet run up -d
await 'everything is healthy after a stop' 180 all_healthy
say "time   a second start: $((SECONDS - from)) s"
await "$DEPLOYMENT serves" 60 serves
check 'nothing was lost' whole

say "images: $(docker images --format '{{.Repository}} {{.Size}}' | grep '^neuroweaver/' | sort -u | paste -sd, | sed 's/,/, /g')"
if ((faults)); then say "$faults faults"; exit 1; fi
say 'all is well'

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# containers.sh -- of jarvis-admin: compose (v2 or 1.29), containers, their health, and rolling a service.
# A service rolls without anybody's noticing: the new one is there and healthy before the old one is told to go.

actors='auth registry sessions notifier tickets finops oxygen llm orchestrator'

find_compose() {
  [ -z "${compose_is:-}" ] || return 0
  command -v docker >/dev/null 2>&1 || die "docker is not installed: jarvis-admin prepare does it"
  if docker compose version >/dev/null 2>&1; then
    compose_is='docker compose'
  elif command -v docker-compose >/dev/null 2>&1; then
    compose_is=docker-compose
  else
    die "neither docker compose nor docker-compose is installed: jarvis-admin prepare does it"
  fi
}

# .env is what counts, not what happens to be in the shell that this is called from; image is the one exception.
compose() {
  find_compose
  # shellcheck disable=SC2086 # two words, or more
  (cd "$home" && exec env -i PATH="$PATH" HOME="${HOME:-/root}" ${DOCKER_HOST:+DOCKER_HOST="$DOCKER_HOST"} \
    ${DOCKER_CONFIG:+DOCKER_CONFIG="$DOCKER_CONFIG"} ${image:+JARVIS_IMAGE="$image"} $compose_is "$@")
}

# A line for each service: name, how many, and its profiles with commas. compose 1.29 lists those of every profile.
table_of_services() {
  compose config 2>>"$(log_file)" | awk '
    function out() { if (name != "") print name, n, profiles; name = "" }
    /^[a-z]/ { out(); top = $1; next }
    top != "services:" { next }
    /^  [^ -]/ { out(); name = substr($1, 1, length($1) - 1); n = 1; profiles = ""; listing = 0; next }
    $1 == "-" { if (listing) profiles = profiles $2 ","; next }
    { listing = ($1 == "profiles:") }
    $1 == "scale:" || $1 == "replicas:" { n = $2 }
    END { out() }'
}

# Asked once: compose takes its time.
know_services() {
  [ -z "${services_are:-}" ] || return 0
  services_are=$(table_of_services)
}

services_of() { # those of the profiles in use
  know_services
  printf '%s\n' "$services_are" | while read -r each _ its; do
    if [ -z "$its" ] || is_in_use "$its"; then echo "$each"; fi
  done
}

is_in_use() { # profiles, with commas
  for profile in $(printf %s "$1" | tr ',' ' '); do
    ! words_have "$profile" "$(setting COMPOSE_PROFILES)" || return 0
  done
  return 1
}

has_service() { # name
  services_of | grep -x "$1" >/dev/null # read to its end: who writes into a closed pipe complains
}

containers_of() { # service [filters of docker ps]
  service_is=$1
  shift
  docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$service_is" --filter label=com.docker.compose.oneoff=False "$@"
}

how_many() { # service: as the files say
  know_services
  printf '%s\n' "$services_are" | awk -v service="$1" '$1 == service { print $2 }'
}

image_id() { # reference
  docker image inspect -f '{{.Id}}' "$1" 2>/dev/null
}

# Docker looks every few seconds; its own check, run now, knows at once.
is_healthy() { # container
  state=$(docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' "$1") ||
    return 1
  case $state in
  'running none' | 'running healthy') return 0 ;;
  'running starting') check_now "$1" ;;
  *) return 1 ;;
  esac
}

check_now() { # container
  test_is=$(docker inspect -f '{{range .Config.Healthcheck.Test}}{{println .}}{{end}}' "$1")
  kind=$(printf '%s\n' "$test_is" | head -n 1)
  rest=$(printf '%s\n' "$test_is" | sed 1d)
  case $kind in
  CMD-SHELL) docker exec "$1" /bin/sh -c "$rest" >/dev/null 2>&1 ;;
  CMD)
    (
      set -f
      IFS='
'
      # shellcheck disable=SC2086 # a word each line
      docker exec "$1" $rest >/dev/null 2>&1
    )
    ;;
  *) return 1 ;;
  esac
}

gave_up() { # container: it ended, or ends again and again
  docker inspect -f '{{.State.Status}} {{.RestartCount}}' "$1" 2>/dev/null | {
    read -r status restarts || return 0
    case $status in
    exited | dead) return 0 ;;
    esac
    [ "$restarts" -ge 3 ]
  }
}

await_healthy() { # service container...: within JARVIS_ROLL_WAIT seconds
  waiting_for=$1
  shift
  until_then=$(($(date +%s) + $(setting JARVIS_ROLL_WAIT 120)))
  for one in "$@"; do
    until is_healthy "$one"; do
      if gave_up "$one" || [ "$(date +%s)" -ge "$until_then" ]; then
        complain "$waiting_for does not become healthy; its last words:"
        docker logs --tail 5 "$one" >&2 2>&1 || :
        return 1
      fi
      sleep 0.3
    done
  done
}

# Stale is what runs another image than image_is, or is older than before (when that is set, as 2026-01-31T12:00:00).
is_stale() { # container
  facts=$(docker inspect -f '{{.Image}} {{.Created}}' "$1" 2>/dev/null) || return 1
  [ "${facts%% *}" = "$image_is" ] || return 0
  [ -n "$before" ] || return 1
  made=$(printf '%.19s' "${facts#* }")
  [ "$made" != "$before" ] && [ "$(printf '%s\n%s\n' "$made" "$before" | sort | head -n 1)" = "$made" ]
}

stale_of() { # service
  for one in $(containers_of "$1"); do
    if is_stale "$one"; then echo "$one"; fi
  done
}

fresh_of() { # service
  for one in $(containers_of "$1"); do
    if ! is_stale "$one"; then echo "$one"; fi
  done
}

leave_no_remains() { # service: what was made and never ran, or ended, would be started by compose beside the new ones
  for one in $(containers_of "$1" -a --filter status=created --filter status=exited --filter status=dead); do
    quietly docker rm -f "$one" || :
  done
}

scale_to() { # service number
  quietly compose up -d --no-deps --no-recreate --scale "$1=$2" "$1" || {
    complain "$1: compose could not start another one; see $(log_file)"
    return 1
  }
}

# One after the other: one more, healthy; then an old one drains. May be interrupted anywhere and called again.
roll() { # service
  wanted=$(how_many "$1")
  leave_no_remains "$1"
  while :; do
    # shellcheck disable=SC2046 # words
    set -- "$1" $(stale_of "$1")
    old=$(($# - 1))
    fresh=$(fresh_of "$1" | wc -l)
    [ "$old" -gt 0 ] || [ "$fresh" -lt "$wanted" ] || break
    if [ "$fresh" -lt "$wanted" ] && [ $((old + fresh)) -le "$wanted" ]; then
      scale_to "$1" $((old + fresh + 1)) || return 1
    fi
    # shellcheck disable=SC2046
    await_healthy "$1" $(fresh_of "$1") || return 1
    [ "$old" -eq 0 ] || remove "$2" 40 || return 1
  done
}

remove() { # container seconds-to-drain
  quietly docker stop -t "$2" "$1" && quietly docker rm "$1" && return 0
  ! docker inspect "$1" >/dev/null 2>&1 && return 0
  complain "container $1 could not be stopped"
  return 1
}

# A gateway has an address of its own, so the new one comes when the old one is gone; the other one serves meanwhile.
renew() { # service
  leave_no_remains "$1"
  for one in $(stale_of "$1"); do
    remove "$one" 60 || return 1
  done
  quietly compose up -d --no-deps --no-recreate "$1" || {
    complain "$1: compose could not start it; see $(log_file)"
    return 1
  }
  # shellcheck disable=SC2046
  await_healthy "$1" $(containers_of "$1") || return 1
}

# nginx does not ask an upstream that failed for fail_timeout (2 s): the renewed one shall be in use before the other goes.
settle() { sleep "$(setting JARVIS_SETTLE 3)"; }

roll_gateways() {
  needs_stand_in=
  has_service gateway-b || needs_stand_in=yes
  if [ -z "$(stale_of gateway-a)$(stale_of gateway-b)" ] && [ -n "$(containers_of gateway-a)" ] &&
    { [ -n "$needs_stand_in" ] || [ -n "$(containers_of gateway-b)" ]; }; then
    drop_stand_in
    return
  fi
  renew gateway-b && settle && renew gateway-a && settle && drop_stand_in
}

drop_stand_in() {
  [ -n "$needs_stand_in" ] || return 0
  for one in $(containers_of gateway-b -a); do
    remove "$one" 60 || return 1
  done
}

# To image; before: see is_stale.
roll_all() {
  image_is=$(image_id "$image") || {
    complain "image $image is not here"
    return 1
  }
  for actor in $actors; do
    has_service "$actor" || continue
    if [ -n "$(stale_of "$actor")" ] || [ -z "$(containers_of "$actor")" ]; then
      say "  $actor"
      roll "$actor" || return 1
    fi
  done
  say "  gateways"
  roll_gateways
}

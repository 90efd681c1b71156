# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# deploy.sh -- of jarvis-admin: up, down, a deploy and the way back.
#
# state/deployed   a line for each version that was deployed, time and image; the last is the one that runs
# state/rolling    is there while a deploy rolls: since when, and to which image; what is left of a run that was killed
#                  is taken up by the next deploy of the same image, or undone by rollback
# Old and new run beside each other meanwhile, so migrations must leave the tables such that the old ones can go on.

# ---- up and down ---------------------------------------------------------------------------------

cmd_up() {
  no_arguments "$@"
  lock_home
  refuse_half_rolled
  if [ -n "$dry" ]; then
    say "would     start: $(services_of | tr '\n' ' ')"
    return 0
  fi
  image=$(setting JARVIS_IMAGE)
  have_image "$image" JARVIS_IMAGE
  bring_up || die "up: not everything came up; see jarvis-admin status, and $home/state/admin.log"
  record "$image"
  say "up: everything is healthy"
}

no_arguments() {
  for word in "$@"; do
    [ "$word" = --dry-run ] || usage "$command: $word is no option of it"
  done
}

refuse_half_rolled() {
  [ ! -f "$home/state/rolling" ] ||
    die "a deploy of $(rolling_to) was cut short: deploy it again, or jarvis-admin rollback"
}

bring_up() {
  say "starting"
  note_files
  quietly compose up -d --remove-orphans || {
    tail -n 8 "$(log_file)" >&2
    return 1
  }
  drop_unused
  for service in $(services_of); do
    # shellcheck disable=SC2046
    set -- $(containers_of "$service" -a)
    has_ended_well "$@" || await_healthy "$service" "$@" || return 1
  done
}

# What runs of a profile that is not in use any more: to compose those are no orphans.
drop_unused() {
  for one in $(docker ps -aq --filter "label=com.docker.compose.project=$project" \
    --filter label=com.docker.compose.oneoff=False); do
    service=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$one")
    has_service "$service" || { say "  $service is not in use any more" && remove "$one" 60; }
  done
}

has_ended_well() { # container: those that have one thing to do, as migrate
  [ $# -eq 1 ] && [ "$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1")" = 'exited 0' ]
}

cmd_down() {
  no_arguments "$@"
  lock_home
  # Without volumes: data stays.
  change "stop everything (data stays)" compose --profile postgres --profile monitoring --profile two down --timeout 60
}

# ---- which image ---------------------------------------------------------------------------------

repository_of() { # reference
  plain=${1%%@*}
  case ${plain##*/} in
  *:*) printf '%s\n' "${plain%:*}" ;;
  *) printf '%s\n' "$plain" ;;
  esac
}

# A tag, a digest or a whole reference, always of the repository that .env names: who may deploy may not bring an image of
# his own.
whole_reference() { # REF
  repository=$(repository_of "$(setting JARVIS_IMAGE)")
  [ -n "$repository" ] || die "JARVIS_IMAGE is not set in $home/.env"
  case $1 in
  sha256:*) is_like "$1" 'sha256:[0-9a-f]{64}' && printf '%s\n' "$repository@$1" && return ;;
  "$repository":*) is_like "${1#"$repository":}" '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?' &&
    printf '%s\n' "$1" && return ;;
  "$repository"@*) is_like "${1#"$repository"@}" 'sha256:[0-9a-f]{64}' && printf '%s\n' "$1" && return ;;
  *) is_like "$1" '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}' && printf '%s\n' "$repository:$1" && return ;;
  esac
  die "deploy $1: is no tag, sha256: digest or reference of $repository (JARVIS_IMAGE); nothing was touched"
}

have_new_image() { # reference
  image_id "$1" >/dev/null && return 0
  if [ -n "$dry" ]; then
    say "would     pull $1"
    return 0
  fi
  say "pulling $1"
  quietly docker pull -q "$1" || die "deploy: $1 is not here and cannot be pulled; nothing was touched"
}

# A tag may be moved; what is written down is the digest, where the registry gave one.
pinned() { # reference
  docker image inspect -f '{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null |
    grep -F "$(repository_of "$1")@" | head -n 1 | grep . || printf '%s\n' "$1"
}

# ---- what was deployed ---------------------------------------------------------------------------

deployed_now() { tail -n 1 "$home/state/deployed" 2>/dev/null | cut -d' ' -f2; }

deployed_before() { # the one before the current
  now_is=$(deployed_now)
  awk -v now="$now_is" '$2 != now { found = $2 } END { print found }' "$home/state/deployed" 2>/dev/null
}

record() { # image
  set_setting JARVIS_IMAGE "$1"
  [ "$(deployed_now)" = "$1" ] ||
    printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$home/state/deployed"
}

# Going back takes the versions after it off the list, so that going back twice goes back two.
record_back_to() { # image
  set_setting JARVIS_IMAGE "$1"
  awk -v to="$1" '{ line[NR] = $0; if ($2 == to) last = NR } END { for (i = 1; i <= last; i++) print line[i] }' \
    "$home/state/deployed" >"$home/state/deployed.new" && mv "$home/state/deployed.new" "$home/state/deployed"
}

rolling_to() { cut -d' ' -f2 "$home/state/rolling"; }
rolling_since() { cut -d' ' -f1 "$home/state/rolling"; }

begin_rolling() { # image: or go on
  if [ -f "$home/state/rolling" ] && [ "$(rolling_to)" = "$1" ]; then
    say "going on with the deploy that was cut short"
    return 0
  fi
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%S)" "$1" >"$home/state/rolling.new"
  mv "$home/state/rolling.new" "$home/state/rolling"
}

# The images of the last three versions stay, for the way back.
forget_old_images() {
  awk '{ line[NR] = $2 } END { for (i = NR; i > 0; i--) if (!seen[line[i]]++ && ++n > 3) print line[i] }' "$home/state/deployed" |
    while read -r old; do quietly docker image rm "$old" || :; done
}

# ---- deploy --------------------------------------------------------------------------------------

cmd_deploy() {
  reference='' with_backup=yes
  while [ $# -gt 0 ]; do
    case $1 in
    --no-backup) with_backup= ;;
    --dry-run) ;;
    -*) usage "deploy: $1 is no option of it" ;;
    *) [ -z "$reference" ] || usage "deploy: one REF, not also $1" && reference=$1 ;;
    esac
    shift
  done
  [ -n "$reference" ] || usage "deploy: which? Give a tag, a sha256: digest or a reference"
  lock_home
  image=$(whole_reference "$reference") || exit
  started=$(date +%s)
  have_new_image "$image"
  [ -n "$dry" ] || image=$(pinned "$image")
  if [ -n "$dry" ]; then
    plan_of_deploy
    return 0
  fi
  # Whoever started this by ssh may go away; the deploy goes on.
  trap '' HUP PIPE
  if [ -z "$(containers_of gateway-a)$(containers_of gateway-b)" ]; then deploy_first; else deploy_next; fi
}

plan_of_deploy() {
  say "would     deploy $image (now: $(deployed_now))"
  say "would     doctor, ${with_backup:+backup, }migrate, then roll:"
  for actor in $actors; do
    if has_service "$actor"; then say "would       $actor ($(how_many "$actor"))"; fi
  done
  say "would       gateways, then verify"
}

deploy_first() {
  say "nothing runs yet: starting $image"
  was=$(setting JARVIS_IMAGE)
  set_setting JARVIS_IMAGE "$image"
  if ! bring_up || ! verify_within 120; then
    set_setting JARVIS_IMAGE "$was"
    die "deploy: the first start of $image failed; there is no version before to go back to"
  fi
  record "$image"
  rm -f "$home/state/rolling"
  say "deployed $image in $(seconds_since "$started") s"
}

deploy_next() {
  before_rolling
  begin_rolling "$image"
  before=$(rolling_since)
  say "rolling to $image"
  if roll_all && verify_within "$(setting JARVIS_VERIFY_WAIT 30)"; then
    record "$image"
    rm -f "$home/state/rolling"
    forget_old_images
    say "deployed $image in $(seconds_since "$started") s"
    return 0
  fi
  go_back_after_failure
}

# Whatever fails here leaves everything as it was.
before_rolling() {
  say "doctor"
  doctor_quietly || die "deploy: doctor found what would not work (above); nothing was touched"
  if [ -n "$with_backup" ] && has_service backup; then
    say "backup"
    backup_now || die "deploy: no backup could be made (--no-backup does without); nothing was touched"
  fi
  say "migrate"
  clear_migrations
  quietly compose run --rm --no-deps -T migrate || {
    tail -n 5 "$(log_file)" >&2
    die "deploy: migrate failed; the version before goes on running"
  }
}

clear_migrations() { # what a killed run left
  for one in $(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter status=exited \
    --filter label=com.docker.compose.oneoff=True --filter label=com.docker.compose.service=migrate); do
    quietly docker rm "$one" || :
  done
}

go_back_after_failure() {
  failed=$image
  image=$(deployed_now)
  if [ -z "$image" ] || [ "$image" = "$failed" ]; then
    complain "deploy of $failed failed, and there is no other version to go back to"
    exit 5
  fi
  complain "deploy of $failed failed; going back to $image"
  before=
  if roll_all && verify_within "$(setting JARVIS_VERIFY_WAIT 30)"; then
    rm -f "$home/state/rolling"
    complain "deploy of $failed failed; $image is back, after $(seconds_since "$started") s"
    exit 4
  fi
  complain "going back failed, too: see jarvis-admin status and logs; jarvis-admin rollback tries again"
  exit 5
}

# ---- rollback ------------------------------------------------------------------------------------

cmd_rollback() {
  no_arguments "$@"
  lock_home
  started=$(date +%s)
  if [ -f "$home/state/rolling" ]; then image=$(deployed_now); else image=$(deployed_before); fi
  [ -n "$image" ] || die "rollback: no version before is on record in $home/state/deployed"
  if [ -n "$dry" ]; then
    say "would     roll back to $image"
    return 0
  fi
  image_id "$image" >/dev/null || quietly docker pull -q "$image" ||
    die "rollback: $image is not here any more and cannot be pulled; nothing was touched"
  trap '' HUP PIPE
  say "rolling back to $image"
  before=
  roll_all || die "rollback: failed on the way; call it again"
  record_back_to "$image"
  rm -f "$home/state/rolling"
  verify_within "$(setting JARVIS_VERIFY_WAIT 30)" || die "rollback: $image runs, and does not answer as it should"
  say "rolled back to $image in $(seconds_since "$started") s"
}

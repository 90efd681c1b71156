# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# data.sh -- of jarvis-admin: backups, coming back from one, and a new release of everything around Jarvis.

cmd_backup() {
  no_arguments "$@"
  lock_home
  if [ -n "$dry" ]; then
    say "would     make a backup in $home/backups"
    return 0
  fi
  started=$(date +%s)
  backup_now || die "backup: failed; the last lines are above"
  say "backup: $(newest_backup) in $(seconds_since "$started") s"
}

backup_now() {
  status=0
  quietly compose exec -T backup /bin/sh /backup/backup now || status=$?
  case $status in
  0) ;;
  3) complain "backup: made, but not handed on to where copies go; see $(log_file)" ;;
  *)
    tail -n 5 "$(log_file)" >&2
    return 1
    ;;
  esac
}

newest_backup() {
  find "$home/backups" -maxdepth 1 -type f -name 'jarvis-*.tar' -printf '%T@ %f\n' 2>/dev/null | sort -n | tail -n 1 | cut -d' ' -f2
}

cmd_restore() {
  file='' replace=
  while [ $# -gt 0 ]; do
    case $1 in
    --replace) replace=--replace ;;
    --dry-run) ;;
    -*) usage "restore: $1 is no option of it" ;;
    *) [ -z "$file" ] || usage "restore: one FILE, not also $1" && file=${1##*/} ;;
    esac
    shift
  done
  [ -n "$file" ] || usage "restore: which? One of: $(newest_backup) ... in $home/backups"
  lock_home
  case $file in
  jarvis-*.tar) [ -f "$home/backups/$file" ] || die "restore: $home/backups/$file is not there" ;;
  *) die "restore: $file is no backup: they are jarvis-TIME.tar" ;;
  esac
  [ -f "$home/secrets/backup_identity" ] ||
    die "restore: $home/secrets/backup_identity is not there: put the copy there that you keep elsewhere; nothing was touched"
  if [ -n "$dry" ]; then
    say "would     stop every process, restore $file ${replace:+over what is there, }migrate, start, verify"
    return 0
  fi
  trap '' HUP PIPE
  started=$(date +%s)
  image=$(setting JARVIS_IMAGE)
  restore_database
  bring_up || die "restore: the data are back, and not everything came up; see jarvis-admin status"
  verify_within "$(setting JARVIS_VERIFY_WAIT 30)" || die "restore: the data are back, and $trouble"
  say "restored $file in $(seconds_since "$started") s"
}

writers() {
  for service in gateway-a gateway-b $actors; do
    if has_service "$service"; then printf '%s ' "$service"; fi
  done
}

restore_database() {
  # shellcheck disable=SC2046 # words
  change "stop every process that writes" compose stop --timeout 40 $(writers)
  quietly compose run --rm --no-deps -T -v "$home/secrets/backup_identity:/run/identity:ro" --entrypoint /bin/sh backup \
    /backup/restore ${replace:+"$replace"} --identity /run/identity "/backups/$file" || {
    tail -n 5 "$(log_file)" >&2
    quietly bring_up || :
    die "restore: $file was not restored (above); everything was started again as it is"
  }
  say "done      $file is restored"
  change "migrate" compose run --rm --no-deps -T migrate
}

# ---- upgrade -------------------------------------------------------------------------------------

# From the folder of the new release. What keeps nothing goes first; then the bus and the database, which as single servers
# are away for a second or two (processes wait and go on); then Jarvis, rolling.
cmd_upgrade() {
  with_backup=yes to=${JARVIS_HOME:-/opt/jarvis} link=
  while [ $# -gt 0 ]; do
    case $1 in
    --home) value_of "$1" $# && to=${2%/} && shift ;;
    --no-backup) with_backup= ;;
    --dry-run) ;;
    *) usage "upgrade: $1 is no option of it" ;;
    esac
    shift
  done
  home=$to
  lock_home
  refuse_half_rolled
  started=$(date +%s)
  install_files "$home"
  renew_third_party
  [ -z "$dry" ] || return 0
  trap '' HUP PIPE
  image=$(setting JARVIS_IMAGE)
  have_image "$image" JARVIS_IMAGE
  note_files
  services_are= # the new release may have others
  know_services
  quietly compose config -q || die "upgrade: compose does not take the new files; see $(log_file)"
  say "pulling images"
  quietly compose pull -q --ignore-pull-failures || :
  [ -z "$with_backup" ] || ! has_service backup || backup_now || die "upgrade: no backup could be made (--no-backup does without)"
  apply_in_order
  say "upgraded in $(seconds_since "$started") s"
}

# Lines of .env that are as the release before had them become those of this one; the owner's own choice stays.
renew_third_party() {
  sed -n 's/^\([A-Z_]*_IMAGE\)=.*/\1/p' "$release/versions.env" 2>/dev/null | while read -r name; do
    new=$(sed -n "s/^$name=//p" "$release/versions.env")
    old=$(sed -n "s/^$name=//p" "$home/state/versions.env" 2>/dev/null)
    have=$(setting "$name")
    if [ "$have" = "$new" ] || [ "$name" = JARVIS_IMAGE ]; then continue; fi
    if [ -n "$have" ] && [ "$have" != "$old" ]; then skipped "$name stays $have (yours); this release has $new"; else
      change "$name is $new" set_setting "$name" "$new"
    fi
  done
  [ -n "$dry" ] || [ ! -f "$release/versions.env" ] || cp "$release/versions.env" "$home/state/versions.env"
}

apply_in_order() {
  services=$(services_of | tr '\n' ' ')
  for service in $services; do # monitoring and whatever else keeps nothing
    case " volumes migrate nats nats-2 nats-3 postgres nginx acme gateway-a gateway-b $actors " in
    *" $service "*) ;;
    *) apply "$service" ;;
    esac
  done
  for service in acme nginx postgres nats nats-2 nats-3; do
    case " $services " in
    *" $service "*) apply "$service" ;;
    esac
  done
  quietly compose run --rm --no-deps -T migrate || die "upgrade: migrate failed; see $(log_file)"
  before=$(next_second)
  roll_all || die "upgrade: a process does not come up; see $(log_file)"
  verify_within "$(setting JARVIS_VERIFY_WAIT 30)" || die "upgrade: everything runs, and $trouble"
}

apply() { # service: compose makes it anew only when its image, settings or files (note_files) changed
  quietly compose up -d --no-deps "$1" || die "upgrade: $1 could not be started; see $(log_file)"
  # shellcheck disable=SC2046
  await_healthy "$1" $(containers_of "$1") || die "upgrade: $1 does not become healthy"
  say "  $1"
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# lib.sh -- of jarvis-admin: saying, changing, settings, the lock. Reads and sets: home, dry, project.
# A change goes through change, put or make_dir, so that a dry run tells of it and does not do it.

say() { printf '%s\n' "$*" 2>/dev/null || :; }
complain() { printf 'jarvis-admin: %s\n' "$*" >&2 || :; }
die() {
  complain "$@"
  exit 1
}
usage() {
  complain "$@"
  exit 2
}

help_of() { # command
  case $1 in
  prepare) help_prepare ;;
  configure) help_configure ;;
  *) help ;;
  esac
}

value_of() { # option how-many-words-are-left: an option that wants a value has one
  [ "$2" -gt 1 ] || usage "$1 needs a value"
}

# By sudo the deploy user may call four commands; what it says to them is looked at here, as sudo's patterns cannot.
deploy_user_may() { # command arguments
  [ "${SUDO_USER:-}" = deploy ] || return 0
  case $1 in
  deploy) [ $# -le 4 ] || usage "deploy: too many arguments for the deploy user" ;;
  rollback | status | verify) [ $# -eq 1 ] || [ "$2" = --dry-run ] || usage "$1: the deploy user gives it no arguments" ;;
  *) usage "the deploy user may only deploy, rollback, status and verify" ;;
  esac
}

must_be_root() {
  [ "$(id -u)" = 0 ] || die "$command: must be run as root (sudo jarvis-admin $command)"
}

# ---- changes -------------------------------------------------------------------------------------

change() { # what, command...: does it and says so
  doing=$1
  shift
  if [ -n "$dry" ]; then
    say "would     $doing"
    return 0
  fi
  "$@" >>"$(log_file)" 2>&1 9>&- || {
    tail -n 5 "$(log_file)" >&2
    die "$doing: failed (the last lines are above, all of it in $(log_file))"
  }
  say "done      $doing"
}

unchanged() { say "unchanged $*"; }
skipped() { say "skipped   $*"; }

put() { # path mode, text on standard input: written when it differs, whole or not at all. True when it was written
  text=$(cat && printf x)
  text=${text%x}
  if printf %s "$text" | cmp -s - "$1" 2>/dev/null; then
    unchanged "$1"
    return 1
  fi
  if [ -n "$dry" ]; then
    say "would     write $1"
    return 1
  fi
  { mkdir -p "$(dirname "$1")" && printf %s "$text" | (umask 077 && cat >"$1.new") &&
    chmod "$2" "$1.new" && mv "$1.new" "$1"; } || die "$1: cannot be written"
  say "done      $1"
}

put_in_place() { # path mode, text on standard input: the same file goes on, as a container has it mounted
  text=$(cat && printf x)
  printf %s "${text%x}" >"$1" || die "$1: cannot be written"
  chmod "$2" "$1"
}

make_dir() { # path mode
  if [ -d "$1" ]; then
    [ "$(stat -c %a "$1")" = "${2#0}" ] || change "mode $2 of $1" chmod "$2" "$1"
  else
    change "folder $1" mkdir -p -m "$2" "$1"
  fi
}

# Where the words of other programs go; shown when one fails.
log_file() {
  if [ -n "$dry" ]; then
    echo /dev/null
  elif [ -d "$home/state" ] && [ -w "$home/state" ]; then
    echo "$home/state/admin.log"
  else
    echo "${TMPDIR:-/tmp}/jarvis-admin.$(id -u).log"
  fi
}

quietly() { # command...: its words go to the log; its end counts
  "$@" >>"$(log_file)" 2>&1
}

# ---- one at a time -------------------------------------------------------------------------------

lock() { # file: held until the end of this process and of what it started
  [ -z "$dry" ] || return 0
  if ! mkdir -p "$(dirname "$1")" || ! (: >>"$1") 2>/dev/null; then
    die "$1: cannot be opened for the lock; run as root"
  fi
  exec 9>>"$1"
  flock -n 9 || {
    complain "another jarvis-admin is at work here ($1); try again when it is done"
    exit 3
  }
}

lock_home() {
  must_be_configured
  lock "$home/state/lock"
  know_services
  [ -n "$services_are" ] || die "compose does not take $home/compose.yml and .env: $(compose config -q 2>&1 | tail -n 1)"
  # The log of other programs' words does not grow for ever.
  if [ -z "$dry" ] && [ "$(wc -c <"$(log_file)" 2>/dev/null || echo 0)" -gt 5000000 ]; then
    mv "$(log_file)" "$(log_file).1"
  fi
}

# ---- settings ------------------------------------------------------------------------------------

must_be_configured() {
  [ -f "$home/.env" ] || die "$home/.env is not there: jarvis-admin configure makes it"
  [ -r "$home/secrets" ] || die "$home/secrets cannot be read: run as root (sudo jarvis-admin $command)"
  project=$(setting COMPOSE_PROJECT_NAME jarvis)
}

setting() { # name default: of .env
  found=$(sed -n "s/^$1=//p" "$home/.env" 2>/dev/null | tail -n 1)
  printf '%s\n' "${found:-${2:-}}"
}

set_setting() { # name value: in .env, whole or not at all
  { sed "/^$1=/d" "$home/.env" && printf '%s=%s\n' "$1" "$2"; } | (umask 077 && cat >"$home/.env.new")
  mv "$home/.env.new" "$home/.env"
}

# Compose makes a container anew when its image or settings changed, not when a file did that is read at its start: so the
# sums of those are settings, too.
files_of='NATS nats
POSTGRES postgres
NGINX nginx
ACME acme secrets/certificate
BACKUP backup secrets/backup_recipient
MONITORING monitoring secrets/alertmanager_slack
MODEL secrets/llm'

note_files() {
  printf '%s\n' "$files_of" | while read -r name paths; do
    # shellcheck disable=SC2086 # words
    sum=$(cd "$home" && find $paths -type f -exec cksum {} + 2>/dev/null | sort | cksum | cut -d' ' -f1)
    [ "$(setting "${name}_FILES")" = "$sum" ] || set_setting "${name}_FILES" "$sum"
  done
}

words_have() { # word list-with-commas
  case ",$2," in
  *",$1,"*) return 0 ;;
  esac
  return 1
}

seconds_since() { # start, of date +%s
  echo $(($(date +%s) - $1))
}

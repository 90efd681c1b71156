# common.sh -- what `backup`, `restore` and `start` share; read by them with a dot, not run.
#
# A backup is one file, jarvis-20260131T020000Z.tar, with beside it the .sha256 of it:
#   MANIFEST            what it is, in lines of "name value": format, time, versions, sha256 and size of each part
#   database.dump.age   pg_dump's custom format, encrypted
#   config.tar.age      the settings and secrets, encrypted (when /config is there)
# Nothing is written to disk in the clear.

# shellcheck shell=sh disable=SC2034,SC2154 # what is set in one of the four is used in another

backups=${JARVIS_BACKUP_DIR:-/backups}
config=${JARVIS_BACKUP_CONFIG:-/config}
metrics=${JARVIS_BACKUP_METRICS:-/metrics}
secrets=${JARVIS_SECRETS:-/run/secrets}
form=1

EXIT_FAILED=1  # nothing was kept, nothing was changed
EXIT_USAGE=2   # the words after the command
EXIT_UPLOAD=3  # the backup is here and good, its copy elsewhere is not
EXIT_BUSY=75   # another one is under way
EXIT_CONFIG=78 # a setting

say() {
  echo "backup: $*" >&2
}

die() {
  say "$*"
  exit "$EXIT_FAILED"
}

bad_setting() {
  say "$*"
  exit "$EXIT_CONFIG"
}

# number NAME VALUE LEAST MOST
number() {
  case $2 in
  '' | *[!0-9]* | ??????*) bad_setting "$1: \"$2\" is no whole number" ;;
  esac
  { [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; } || bad_setting "$1: $2 is not between $3 and $4"
}

# A folder in memory (/tmp is a tmpfs) for what is secret and small; gone when the script ends.
make_work() {
  umask 077
  work=$(mktemp -d "${TMPDIR:-/tmp}/backup.XXXXXX")
  partial=
  trap 'clean_up' EXIT
  trap 'end_child; exit 143' TERM INT HUP
  child=
}

clean_up() {
  rm -rf "$work"
  [ -z "$partial" ] || rm -rf "$partial"
}

# A command in a process group of its own: a shell looks at signals only between commands, and a dump
# may take long, so TERM is for the whole group. Returns its exit code.
run_group() {
  setsid "$@" &
  child=$!
  code=0
  wait "$child" || code=$?
  child=
  return "$code"
}

end_child() {
  [ -n "$child" ] || return 0
  kill -TERM "-$child" 2>/dev/null || :
  wait "$child" || :
}

# One at a time. The lock goes with the process, however it ends.
take_lock() {
  exec 9>>"$backups/.lock" || die "JARVIS_BACKUP_DIR: $backups cannot be written"
  flock -n 9 || {
    say "another backup or restore is under way"
    exit "$EXIT_BUSY"
  }
}

# ---- time ----------------------------------------------------------------------------------------

now() {
  date -u +%s
}

stamp() {
  date -u -d "@$1" +%Y%m%dT%H%M%SZ
}

# Times as they are in names sort as they are.
is_before() {
  [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | LC_ALL=C sort | head -n 1)" = "$1" ]
}

# ---- the files -----------------------------------------------------------------------------------

# Names of the backups, oldest first.
names() {
  for f in "$backups"/jarvis-????????T??????Z.tar; do
    [ ! -f "$f" ] || basename "$f"
  done | LC_ALL=C sort
}

time_of() {
  t=${1#jarvis-}
  echo "${t%.tar}"
}

newest() {
  names | tail -n 1
}

sha256_of() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# As it was when it was written?
is_whole() {
  [ -f "$1" ] && [ -f "$1.sha256" ] && [ "$(sha256_of "$1")" = "$(cut -d ' ' -f 1 "$1.sha256")" ]
}

manifest() {
  sed -n "s/^$2 //p" "$1" | head -n 1
}

# Every part is there and is what the manifest says. $1: file; leaves $work/MANIFEST.
check_structure() {
  [ -f "$1" ] || die "$1 is not there"
  [ ! -f "$1.sha256" ] || is_whole "$1" || die "$1 is damaged: it is not what its .sha256 says"
  tar -xOf "$1" MANIFEST >"$work/MANIFEST" 2>/dev/null || die "$1 is damaged, or no backup: it has no MANIFEST"
  [ "$(manifest "$work/MANIFEST" format)" = "$form" ] ||
    die "$1 is of a format that is not known here (\"$(manifest "$work/MANIFEST" format)\")"
  for part in $(manifest "$work/MANIFEST" parts); do
    check_part "$1" "$part"
  done
}

check_part() {
  case $2 in
  database.dump.age | config.tar.age) ;;
  *) die "$1: its MANIFEST names a part that is not known here" ;;
  esac
  found=$({ tar -xOf "$1" "$2" 2>/dev/null || echo broken; } | sha256sum | cut -d ' ' -f 1)
  [ "$found" = "$(manifest "$work/MANIFEST" "sha256.$2")" ] || die "$1 is damaged: $2 is not what its MANIFEST says"
}

# ---- pipes ---------------------------------------------------------------------------------------

# A pipe has only its last command's exit code. Those before it run as `step NAME command...` and leave
# a mark when they ended well; a command that is killed leaves none. (Steps within steps: the parentheses
# keep their names apart.)
step() {
  mark=$1
  shift
  ("$@") && : >"$work/$mark.done"
}

steps_done() {
  for mark in "$@"; do
    [ -e "$work/$mark.done" ] || return 1
    rm -f "$work/$mark.done"
  done
}

# One part of a file, in the clear, on standard output. $1: file, $2: part, $3: identity
decrypt() {
  step unpacked tar -xOf "$1" "$2" | age -d -i "$3" && steps_done unpacked
}

find_identity() {
  identity=${identity:-$secrets/backup_identity}
  [ -s "$identity" ] ||
    die "the identity (age's secret key) is not at $identity: give its place with --identity FILE"
}

# The whole dump is decrypted, unpacked and read through. $1: file, $2: identity; leaves $work/list.
check_dump() {
  step decrypted decrypt "$1" database.dump.age "$2" 2>"$work/age.log" |
    pg_restore -f /dev/null 2>"$work/restore.log" || unreadable "$1"
  steps_done decrypted || unreadable "$1"
}

unreadable() {
  if grep -q 'no identity matched' "$work/age.log"; then
    die "$1 cannot be opened with this identity: it was made for another recipient"
  fi
  cat "$work/age.log" "$work/restore.log" >&2
  die "$1 is damaged: the database in it cannot be read"
}

# ---- the database --------------------------------------------------------------------------------

# DATABASE_URL, or @ and the file it is in, as a service file: on a command line a password is seen by
# everybody, and libpq takes no address from the environment.
use_database() {
  url=${DATABASE_URL:-@$secrets/database_url}
  case $url in
  @*)
    [ -s "${url#@}" ] || bad_setting "DATABASE_URL: the file ${url#@} is missing or empty"
    url=$(cat "${url#@}")
    ;;
  esac
  printf '%s\n' "$url" | LC_ALL=C awk -f "$here/service.awk" >"$work/service" ||
    bad_setting "DATABASE_URL: is no address such as postgresql://user:password@host/database"
  export PGSERVICEFILE="$work/service" PGSERVICE=jarvis PGAPPNAME=jarvis-backup PGCONNECT_TIMEOUT=10
}

query() {
  psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"
}

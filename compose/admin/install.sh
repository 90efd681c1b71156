# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# install.sh -- of jarvis-admin: this release's files to the server's folder. What configure made is never touched; a file
# that somebody changed by hand is kept beside the new one as FILE.before.

cmd_install() {
  to=${JARVIS_HOME:-/opt/jarvis} link=/usr/local/sbin/jarvis-admin
  [ "${JARVIS_LINK:-yes}" != no ] || link=
  while [ $# -gt 0 ]; do
    case $1 in
    --home) value_of "$1" $# && to=$2 && shift ;;
    --no-link) link= ;;
    --dry-run) ;;
    *) usage "install: $1 is no option of it" ;;
    esac
    shift
  done
  case $to in
  /*) to=${to%/} ;;
  *) usage "--home $to: a path from the root is wanted" ;;
  esac
  [ -n "$to" ] || usage "--home /: a folder of its own is wanted"
  [ -n "$dry" ] || mkdir -p "$to/state" || die "$to: cannot be made; run as root"
  lock "$to/state/lock"
  install_files "$to"
  install_link
  install_timer
}

# All that belongs to a release: not what is made on a server.
release_files() {
  (cd "$release" && find . -type f ! -path './secrets/*' ! -path './state/*' ! -path './backups/*' ! -name '*.before' \
    ! -name '*.new' ! -path ./.env ! -path ./jarvis.env ! -path ./nginx/site.conf | sed 's,^\./,,' | sort)
}

install_files() { # folder
  if [ "$release" = "$1" ]; then
    unchanged "$1: this is it"
    return 0
  fi
  copied=0
  for file in $(release_files); do
    if cmp -s "$release/$file" "$1/$file"; then continue; fi
    copied=$((copied + 1))
    [ -n "$dry" ] || install_file "$1" "$file"
  done
  remove_gone "$1"
  if [ "$copied" = 0 ]; then unchanged "$1"; elif [ -n "$dry" ]; then say "would     copy $copied files to $1"; else
    (cd "$release" && release_files | xargs cksum) >"$1/state/files"
    say "done      $copied files to $1"
  fi
}

install_file() { # folder file
  if [ -f "$1/$2" ] && ! was_ours "$1" "$2"; then
    cp -p "$1/$2" "$1/$2.before"
    say "done      $2 was changed here: yours is kept as $2.before"
  fi
  mode=0644
  [ ! -x "$release/$2" ] || mode=0755
  # A running shell reads its script from the file that it opened: a new one, not new words in the old one.
  { mkdir -p "$1/$(dirname "$2")" && install -m $mode "$release/$2" "$1/$2.new" && mv "$1/$2.new" "$1/$2"; } ||
    die "$1/$2: cannot be written"
}

was_ours() { # folder file: as the last install left it
  sum=$(cd "$1" && cksum "$2")
  grep -qsxF "$sum" "$1/state/files"
}

remove_gone() { # folder: files of the release before that this one does not have, unless changed
  [ -f "$1/state/files" ] || return 0
  while read -r _ _ file; do
    if [ -e "$release/$file" ] || [ ! -f "$1/$file" ] || ! was_ours "$1" "$file"; then continue; fi
    change "remove $file, which this release does not have" rm -f "$1/$file"
  done <"$1/state/files"
}

install_link() {
  [ -n "$link" ] || return 0
  if [ "$(readlink "$link" 2>/dev/null)" = "$to/jarvis-admin" ]; then unchanged "$link"; else
    change "$link" ln -sfn "$to/jarvis-admin" "$link"
  fi
}

# How containers do, for the monitoring: looked at from here, so that no container is given Docker's socket.
install_timer() {
  if [ -z "$link" ] || ! systemd_runs || [ ! -f "$release/monitoring/containers" ]; then return 0; fi
  timers_are_new=
  if put /etc/systemd/system/jarvis-containers.service 0644 <<END; then
[Unit]
Description=How the containers of Jarvis do, for its monitoring
[Service]
Type=oneshot
EnvironmentFile=-$to/.env
Environment=JARVIS_HOME=$to
ExecStart=/bin/sh $to/monitoring/containers
END
    timers_are_new=yes
  fi
  if put /etc/systemd/system/jarvis-containers.timer 0644 <<END; then
[Unit]
Description=How the containers of Jarvis do, every minute
[Timer]
OnBootSec=1min
OnUnitActiveSec=1min
[Install]
WantedBy=timers.target
END
    timers_are_new=yes
  fi
  [ -z "$timers_are_new" ] || change "timers of systemd" systemctl daemon-reload
  service_now_unless is-enabled enable jarvis-containers.timer
}

#!/bin/sh
# ssh.sh -- asks the server's jarvis-admin for something, as its deploy user.
#
#     ssh.sh [--dry-run] deploy IMAGE@DIGEST | rollback | status
#
# SSH_HOST (default JARVIS_DOMAIN), SSH_PORT (22), SSH_USER (deploy), SSH_TIMEOUT (seconds, 1200)
# SSH_PRIVATE_KEY   secret: the key of the deploy user, without a passphrase
# SSH_KNOWN_HOSTS   the server's host keys, as ssh-keyscan prints them; any other server is refused
#
# Ends as jarvis-admin does; 2 when refused here, 124 when it took longer than SSH_TIMEOUT, 255 when the server was
# not reached, or lost on the way. After the last two, what the server does is not known: ask for its status.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

# What goes to the server is one of three commands, and the only free word has passed is_reference: nothing in it
# means anything to a shell.
remote_command() {
  case ${1:-}:$# in
  deploy:2)
    is_reference "$2" || refuse "the image to deploy is not image@sha256:<64 hex digits>"
    printf 'sudo -n jarvis-admin deploy %s' "$2"
    ;;
  rollback:1 | status:1) printf 'sudo -n jarvis-admin %s' "$1" ;;
  *) refuse "usage: ssh.sh [--dry-run] deploy IMAGE@DIGEST | rollback | status" ;;
  esac
}

check_settings() {
  host=${SSH_HOST:-${JARVIS_DOMAIN:-}}
  fits "$host" '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?' || refuse "SSH_HOST is not set to the name of a server"
  port=${SSH_PORT:-22} user=${SSH_USER:-deploy} limit=${SSH_TIMEOUT:-1200}
  is_number "$port" 1 65535 || refuse "SSH_PORT is no port"
  fits "$user" '[a-z_][a-z0-9_-]{0,31}' || refuse "SSH_USER is no name of a user"
  is_number "$limit" 1 7200 || refuse "SSH_TIMEOUT is not 1 to 7200 seconds"
}

write_keys() {
  [ -n "${SSH_PRIVATE_KEY:-}" ] || refuse "SSH_PRIVATE_KEY is not set: the key of the deploy user"
  [ -n "${SSH_KNOWN_HOSTS:-}" ] || refuse "SSH_KNOWN_HOSTS is not set: the host keys of $host"
  private_folder
  printf '%s\n' "$SSH_PRIVATE_KEY" | tr -d '\r' >"$private/key"
  printf '%s\n' "$SSH_KNOWN_HOSTS" | tr -d '\r' >"$private/known_hosts"
  ssh-keygen -y -P '' -f "$private/key" >/dev/null 2>&1 ||
    refuse "SSH_PRIVATE_KEY is no private key, or has a passphrase"
  known=$host
  [ "$port" = 22 ] || known="[$host]:$port"
  ssh-keygen -F "$known" -f "$private/known_hosts" >/dev/null 2>&1 || refuse "SSH_KNOWN_HOSTS has no key of $known"
}

ask_server() { # command
  # No command that we start needs the secrets.
  unset SSH_PRIVATE_KEY SSH_KNOWN_HOSTS SSH_AUTH_SOCK
  timeout -k 10 "$limit" ssh -F /dev/null -T -n -p "$port" -l "$user" -i "$private/key" \
    -o BatchMode=yes -o IdentitiesOnly=yes -o PreferredAuthentications=publickey \
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$private/known_hosts" -o GlobalKnownHostsFile=/dev/null \
    -o UpdateHostKeys=no -o ForwardAgent=no -o ClearAllForwardings=yes -o LogLevel=ERROR \
    -o ConnectTimeout=15 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -- "$host" "$1"
}

dry=
[ "${1:-}" != --dry-run ] || { dry=yes && shift; }
command=$(remote_command "$@") || exit $?
check_settings
write_keys
if [ -n "$dry" ]; then
  printf 'would run on %s port %s as %s, for %s seconds at most: %s\n' "$host" "$port" "$user" "$limit" "$command"
  exit 0
fi
status=0
ask_server "$command" || status=$?
case $status in
124 | 137)
  say "$1 on $host took longer than SSH_TIMEOUT, $limit s; what it does is not known"
  status=124
  ;;
255) say "$host was not reached, is not the one of SSH_KNOWN_HOSTS, or was lost on the way" ;;
esac
exit $status

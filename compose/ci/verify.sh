#!/bin/sh
# verify.sh -- [VERSION]: looks at the running system from outside, as everybody can: https://JARVIS_DOMAIN/health says
# that it answers, /openapi.json which version. Prints that version. Tries again for JARVIS_VERIFY_WAIT seconds (60).
# JARVIS_VERIFY_CA: a file with the authority of the certificate, where it is no public one.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

get() { # path: the body, when the status is 200
  set -- "https://$JARVIS_DOMAIN$1"
  [ -z "${JARVIS_VERIFY_CA:-}" ] || set -- --cacert "$JARVIS_VERIFY_CA" "$1"
  curl -q -sS -f --proto '=https' --tlsv1.2 --connect-timeout 5 --max-time 15 --max-filesize 4194304 "$@" 2>&1
}

# Sets $seen, or $why.
look() {
  answer=$(get /health) || {
    why="/health: $answer"
    return 1
  }
  answer=$(get /openapi.json) || {
    why="/openapi.json: $answer"
    return 1
  }
  seen=$(printf %s "$answer" | tr -d '\n' | sed -n 's/^{[^{}]*"info": *{[^{}]*"version": *"\([^"]*\)".*/\1/p')
  fits "$seen" '[0-9A-Za-z][0-9A-Za-z.+-]{0,63}' || {
    why="/openapi.json says no version"
    return 1
  }
  [ -z "$wanted" ] || [ "$seen" = "$wanted" ] || {
    why="it is version $seen, not $wanted"
    return 1
  }
}

wanted=${1:-} wait=${JARVIS_VERIFY_WAIT:-60} why=
[ -z "$wanted" ] || is_version "$wanted" || refuse "$wanted is no version"
fits "${JARVIS_DOMAIN:-}" '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?' ||
  refuse "JARVIS_DOMAIN is not set to the system's domain"
is_number "$wait" 0 3600 || refuse "JARVIS_VERIFY_WAIT is not 0 to 3600 seconds"
end=$(($(date +%s) + wait))
until look; do
  [ "$(date +%s)" -lt "$end" ] || die "https://$JARVIS_DOMAIN, after $wait s: $(printf "%s\n" "$why" | sed "1q" | cut -c 1-300)"
  sleep 2
done
printf '%s\n' "$seen"

#!/bin/sh
# slack.sh -- RESULT ACTION ENVIRONMENT VERSION URL: tells Slack how a deploy ended. Never fails: a message that is not
# sent is no reason to stop a deploy. SLACK_WEBHOOK, a secret, says where to; empty: nobody is told.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

# Only what a sentence needs: no quote, no control character, none of Slack's own marks.
plain() { # text
  printf %s "$1" | tr -c 'A-Za-z0-9 ._:/@+=?#,-' '?' | head -c 200
}

words() { # result action
  case $1:$2 in
  success:rollback) echo ':leftwards_arrow_with_hook: rolled back, as asked:' ;;
  success:*) echo ':white_check_mark: deployed:' ;;
  rolled-back:*) echo ':warning: failed and rolled back:' ;;
  cancelled:*) echo ':no_entry_sign: cancelled:' ;;
  *) printf ':x: %s failed: ' "$(plain "$2")" ;;
  esac
}

send() { # message
  private_folder
  printf 'url = "%s"\nheader = "Content-Type: application/json"\n' "$SLACK_WEBHOOK" >"$private/settings"
  printf '{"text":"%s"}' "$1" >"$private/message"
  unset SLACK_WEBHOOK
  curl -q -s -K "$private/settings" --proto '=http,https' --max-time 15 --data @"$private/message" \
    -o /dev/null -w '%{http_code}'
}

[ $# = 5 ] || {
  say "usage: slack.sh RESULT ACTION ENVIRONMENT VERSION URL; nobody is told"
  exit 0
}
[ -n "${SLACK_WEBHOOK:-}" ] || {
  say "SLACK_WEBHOOK is not set; nobody is told"
  exit 0
}
fits "$SLACK_WEBHOOK" 'https://[A-Za-z0-9./:_-]+|http://127\.0\.0\.1:[A-Za-z0-9./:_-]+' || {
  say "SLACK_WEBHOOK is no https address; nobody is told"
  exit 0
}
status=$(send "$(words "$1" "$2") Jarvis $(plain "$4") on $(plain "$3"). $(plain "$5")") || true
[ "$status" = 200 ] || say "Slack answers ${status:-nothing}; nobody is told"
exit 0

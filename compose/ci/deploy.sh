#!/bin/sh
# deploy.sh -- a deploy from beginning to end, or the way back. The server's jarvis-admin does it, asks the new version
# a real question, and goes back by itself when it does not answer; then we look from outside, and send it back if that
# does not show the new version in good health.
#
#     deploy.sh [--dry-run] deploy IMAGE@DIGEST VERSION
#     deploy.sh [--dry-run] rollback [IMAGE@DIGEST VERSION]     to that version, or (also when both are empty) to the one
#                                                               that the server had before
#
# Settings: those of ssh.sh and verify.sh. Outputs result (success, rolled-back or failed) and version (which one answers
# now, or unknown). Ends with 0 for success only.
set -eu
folder=$(dirname "$0")
# shellcheck source=compose/ci/lib.sh
. "$folder/lib.sh"

finish() { # result sentence
  version=$(JARVIS_VERIFY_WAIT=0 "$folder/verify.sh" 2>/dev/null) || version=unknown
  say "$2"
  output result "$1"
  output version "$version"
  [ "$1" = success ] || exit 1
}

# The server says that the version before is back, or we had it brought back: is it?
went_back() { # sentence
  if "$folder/verify.sh"; then
    finish rolled-back "$1; the version before is back"
  else
    finish failed "$1, and after going back the system is not in good health: look at the server now"
  fi
}

send_back() { # sentence
  say "$1; rolling back"
  "$folder/ssh.sh" rollback || finish failed "$1, and rolling back failed: look at the server now"
  went_back "$1"
}

# Wrong settings are refused before anything is touched. A system that does not answer yet may well be deployed to.
ready() { # command
  "$folder/ssh.sh" --dry-run "$@" || exit $?
  status=0
  before=$(JARVIS_VERIFY_WAIT=0 "$folder/verify.sh") || status=$?
  [ "$status" != 2 ] || exit 2
  say "${before:-nothing} answers at ${JARVIS_DOMAIN} now"
  [ -z "$dry" ] || exit 0
}

deploy() { # reference version
  status=0
  "$folder/ssh.sh" deploy "$1" || status=$?
  case $status in
  0) "$folder/verify.sh" "$2" || send_back "$2 was deployed, but cannot be seen from outside" ;;
  4) went_back "the server refused $2" ;;
  5) finish failed "$2 failed on the server, and so did going back: look at the server now" ;;
  3) finish failed "another deploy is under way on the server; nothing was changed" ;;
  124 | 255) finish failed "the server was lost while $2 was deployed: run 'status' to see what it did" ;;
  *) finish failed "the server could not deploy $2 (it ended with $status)" ;;
  esac
  finish success "$2 is deployed"
}

rollback() {
  "$folder/ssh.sh" rollback || finish failed "rolling back failed: look at the server"
  "$folder/verify.sh" || finish failed "rolled back, but the system is not in good health: look at the server now"
  finish success "rolled back to the version before"
}

dry=
[ "${1:-}" != --dry-run ] || { dry=yes && shift; }
[ "$#:${1:-}:${2:-}${3:-}" != 3:rollback: ] || set -- rollback
case ${1:-}:$# in
deploy:3 | rollback:3)
  is_version "$3" || refuse "$3 is no version"
  ready deploy "$2"
  deploy "$2" "$3"
  ;;
rollback:1)
  ready rollback
  rollback
  ;;
*) refuse "usage: deploy.sh [--dry-run] deploy IMAGE@DIGEST VERSION | rollback [IMAGE@DIGEST VERSION]" ;;
esac

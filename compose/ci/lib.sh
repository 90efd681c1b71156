# shellcheck shell=sh
# lib.sh -- what the scripts of this folder share; sourced by them. Each may be run by hand: its settings come from the
# environment, and what is refused is named. Ends with 2 when a setting or argument is refused.
LC_ALL=C
export LC_ALL
newline='
'

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$@"
  exit 1
}
refuse() {
  say "$@"
  exit 2
}

fits() { # text pattern: the whole text, which is one line, fits
  case $1 in *"$newline"*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eqx -e "$2"
}

# A version is the tag of its image and what the system says of itself: 1.2.3, 1.2.3-rc.1, or sha-<commit>.
is_version() {
  [ ${#1} -le 64 ] && fits "$1" '[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z][0-9A-Za-z.-]*)?|sha-[0-9a-f]{40}'
}

is_image() { # registry[:port]/name
  [ ${#1} -le 200 ] && fits "$1" '[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+'
}

is_reference() { # image@digest
  is_image "${1%@*}" && fits "${1##*@}" 'sha256:[0-9a-f]{64}'
}

is_number() { # text least most
  fits "$1" '[0-9]{1,6}' && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

output() { # name value: for the next steps of the workflow, and for whoever looks on
  printf '%s=%s\n' "$1" "$2"
  [ -z "${GITHUB_OUTPUT:-}" ] || printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

private_folder() { # sets $private, which goes when the script does
  umask 077
  private=$(mktemp -d)
  trap 'rm -rf "$private"' EXIT
  trap 'exit 130' INT TERM HUP
}

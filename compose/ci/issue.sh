#!/bin/sh
# issue.sh -- FOLDER URL: opens an issue about what the weekly scan found, or adds to the one that is open. FOLDER has a
# scan.txt for each image with findings, in a folder of its name. Needs gh, signed in by GH_TOKEN; --dry-run: prints it.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

title='The weekly scan has found something'

write_text() { # folder url
  printf 'The weekly build or its scan failed: %s\n' "$2"
  for file in "$1"/*/scan.txt; do
    [ -s "$file" ] || continue
    what=$(basename "$(dirname "$file")")
    # An issue holds 65536 characters.
    # shellcheck disable=SC2016 # is Markdown
    printf '\n### %s\n\n```\n%s\n```\n' "$what" "$(tr -d '`' <"$file" | head -c 12000)"
  done
  printf '\nA published image: release a new patch version, which is built on fresh packages. '
  printf 'A fresh one: the fix is not in the base yet; see docs/cicd.md.\n'
}

tell() {
  number=$(gh issue list --state open --search "\"$title\" in:title" --json number --jq '.[0].number // empty')
  if fits "$number" '[0-9]+'; then
    gh issue comment "$number" --body-file "$private/text"
  else
    gh issue create --title "$title" --body-file "$private/text"
  fi
}

dry=
[ "${1:-}" != --dry-run ] || { dry=yes && shift; }
[ $# = 2 ] || refuse "usage: issue.sh [--dry-run] FOLDER URL"
[ -d "$1" ] || refuse "the folder $1 is not there"
private_folder
write_text "$1" "$2" >"$private/text"
if [ -n "$dry" ]; then cat "$private/text"; else tell; fi

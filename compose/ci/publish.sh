#!/bin/sh
# publish.sh -- IMAGE VERSION DIGEST...: the images that were pushed by digest, one for each machine type, become one
# image of that version. A version that is there is never overwritten. Outputs digest.
# Needs docker with buildx, signed in; REGISTRY_* as registry.sh. --dry-run: only says what would be done.
set -eu
folder=$(dirname "$0")
# shellcheck source=compose/ci/lib.sh
. "$folder/lib.sh"

run=
[ "${1:-}" != --dry-run ] || { run='echo' && shift; }
[ $# -ge 3 ] || refuse "usage: publish.sh [--dry-run] IMAGE VERSION DIGEST..."
image=$1 version=$2
shift 2
is_image "$image" || refuse "the image $image is not registry/name"
is_version "$version" || refuse "$version is no version"
for digest in "$@"; do
  is_reference "$image@$digest" || refuse "$digest is no digest"
  set -- "$@" "$image@$digest"
  shift
done
"$folder/registry.sh" free "$image" "$version"
$run docker buildx imagetools create --tag "$image:$version" "$@"
[ -z "$run" ] || exit 0
digest=$("$folder/registry.sh" digest "$image" "$version")
output digest "$digest"

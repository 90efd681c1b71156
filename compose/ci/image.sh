#!/bin/sh
# image.sh -- ACTION VERSION [DIGEST]: which image of ours a deploy is about, checked to be signed by the release of that
# version, and to be DIGEST when one is given. Outputs reference; an empty one for a rollback without a version.
# From GITHUB_REPOSITORY and REGISTRY (ghcr.io); needs cosign, a sign-in at the registry, and REGISTRY_* as registry.sh.
set -eu
folder=$(dirname "$0")
# shellcheck source=compose/ci/lib.sh
. "$folder/lib.sh"

action=${1:-} version=${2:-} digest=${3:-}
case $action in
rollback)
  [ -n "$version" ] || {
    output reference ''
    exit 0
  }
  ;;
deploy) ;;
*) refuse "usage: image.sh deploy|rollback VERSION [DIGEST]" ;;
esac
is_version "$version" || refuse "the version $version is neither like 1.2.3 nor sha-<commit>"
image=${REGISTRY:-ghcr.io}/$(printf %s "${GITHUB_REPOSITORY:?is not set}" | tr '[:upper:]' '[:lower:]')/jarvis
found=$("$folder/registry.sh" digest "$image" "$version")
[ -z "$digest" ] || [ "$digest" = "$found" ] || die "$image:$version is $found now, not $digest: who has changed it?"
"$folder/signature.sh" verify "$image@$found" "$version"
output reference "$image@$found"

#!/bin/sh
# version.sh -- what this run of the workflow builds: its version, and where its images go.
#
#     tag v1.2.3      version=1.2.3, tagged=true
#     branch main     version=sha-<commit>, tagged=false
#
# version.sh newest: the newest tag v1.2.3 of the checkout instead; an empty version when there is none.
# From GITHUB_REF, GITHUB_SHA, GITHUB_REPOSITORY and REGISTRY (ghcr.io). Other refs are refused.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

newest() {
  git tag --list 'v*' --sort=-version:refname | sed -n 's/^v\([0-9]*\.[0-9]*\.[0-9]*\)$/\1/p' | head -n 1
}

case ${1:-} in
'') ref=${GITHUB_REF:?is not set} ;;
newest)
  version=$(newest)
  ref=refs/tags/v$version
  ;;
*) refuse "usage: version.sh [newest]" ;;
esac
case $ref in
refs/tags/v*)
  version=${ref#refs/tags/v} tagged=true
  case $version in sha-*) refuse "$ref is no version like v1.2.3" ;; esac
  ;;
refs/heads/main) version=sha-${GITHUB_SHA:?is not set} tagged=false ;;
*) refuse "GITHUB_REF is neither main nor a tag v*: nothing is published from it" ;;
esac
[ "${1:-}:$version" = newest: ] || is_version "$version" || refuse "$ref, at ${GITHUB_SHA:-no commit}, is no version like v1.2.3"
repository=${REGISTRY:-ghcr.io}/$(printf %s "${GITHUB_REPOSITORY:?is not set}" | tr '[:upper:]' '[:lower:]')
is_image "$repository" || refuse "GITHUB_REPOSITORY is not owner/name"
output version "$version"
output tagged "$tagged"
output repository "$repository"

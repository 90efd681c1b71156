#!/bin/sh
# version.sh -- what this run of the workflow builds: its version, and where its images go.
#
#     tag v1.2.3      version=1.2.3, tagged=true
#     branch main     version=sha-<commit>, tagged=false
#
# From GITHUB_REF, GITHUB_SHA and GITHUB_REPOSITORY. Other refs are refused.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

case ${GITHUB_REF:?is not set} in
refs/tags/v*)
  version=${GITHUB_REF#refs/tags/v} tagged=true
  case $version in sha-*) refuse "GITHUB_REF $GITHUB_REF is no version like v1.2.3" ;; esac
  ;;
refs/heads/main) version=sha-${GITHUB_SHA:?is not set} tagged=false ;;
*) refuse "GITHUB_REF is neither main nor a tag v*: nothing is published from it" ;;
esac
is_version "$version" || refuse "$version, of GITHUB_REF or GITHUB_SHA, is no version like v1.2.3"
repository=ghcr.io/$(printf %s "${GITHUB_REPOSITORY:?is not set}" | tr '[:upper:]' '[:lower:]')
is_image "$repository" || refuse "GITHUB_REPOSITORY is not owner/name"
output version "$version"
output tagged "$tagged"
output repository "$repository"

#!/bin/sh
# signature.sh -- signs an image, or checks who has: the release workflow of this repository, and nobody else.
#
#     signature.sh sign IMAGE@DIGEST VERSION      without a key: the workflow's own identity signs
#     signature.sh verify IMAGE@DIGEST VERSION    1.2.3 must have been signed by the run of tag v1.2.3,
#                                                 sha-<commit> by a run of main at that commit
#
# Needs cosign, GITHUB_REPOSITORY, and a sign-in at the registry; --dry-run before the rest: says the command only.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

run=
[ "${1:-}" != --dry-run ] || { run='echo' && shift; }
[ $# = 3 ] || refuse "usage: signature.sh [--dry-run] sign|verify IMAGE@DIGEST VERSION"
command=$1 reference=$2 version=$3
is_reference "$reference" || refuse "$reference is not image@sha256:..."
is_version "$version" || refuse "$version is no version"
fits "${GITHUB_REPOSITORY:-}" '[A-Za-z0-9-]+/[A-Za-z0-9._-]+' || refuse "GITHUB_REPOSITORY is not owner/name"

case $version in
sha-*)
  ref=refs/heads/main
  set -- --certificate-github-workflow-sha "${version#sha-}"
  ;;
*)
  ref=refs/tags/v$version
  set --
  ;;
esac
case $command in
sign) $run cosign sign --yes "$reference" ;;
verify)
  $run cosign verify "$@" --certificate-oidc-issuer https://token.actions.githubusercontent.com \
    --certificate-identity "https://github.com/$GITHUB_REPOSITORY/.github/workflows/release.yml@$ref" \
    "$reference" >/dev/null || die "$reference is not signed by the release of $version: it is not deployed"
  ;;
*) refuse "usage: signature.sh [--dry-run] sign|verify IMAGE@DIGEST VERSION" ;;
esac

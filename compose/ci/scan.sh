#!/bin/sh
# scan.sh -- IMAGE FOLDER [PLATFORM]: looks for known holes, serious or worse, that have a fix. FOLDER gets scan.json,
# scan.sarif and scan.txt. Ends with 1 when there is one, and when the scanner saw no packages: such a scan says nothing.
# Needs trivy.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# = 2 ] || [ $# = 3 ] || refuse "usage: scan.sh IMAGE FOLDER [PLATFORM]"
image=$1 folder=$2 platform=${3:-linux/amd64}
fits "$image" '[a-z0-9][A-Za-z0-9._/:@-]*' || refuse "$image is no image"
fits "$platform" 'linux/(amd64|arm64)' || refuse "$platform is neither linux/amd64 nor linux/arm64"
mkdir -p "$folder"
trivy image --quiet --scanners vuln --ignore-unfixed --severity HIGH,CRITICAL --list-all-pkgs --timeout 15m \
  --platform "$platform" --format json --output "$folder/scan.json" "$image" || die "trivy could not look at $image"
trivy convert --quiet --format sarif --output "$folder/scan.sarif" "$folder/scan.json"
trivy convert --quiet --format table --output "$folder/scan.txt" "$folder/scan.json"
if ! grep -q '"Class": *"os-pkgs"' "$folder/scan.json" || ! grep -q '"Packages": *\[' "$folder/scan.json"; then
  die "trivy found no packages in $image, so it could find no holes: are /etc/os-release and dpkg's records in it?"
fi
if grep -q '"VulnerabilityID"' "$folder/scan.json"; then
  cat "$folder/scan.txt"
  die "$image has known holes that have a fix: build it anew on fresh packages"
fi
say "$image: nothing serious that has a fix"

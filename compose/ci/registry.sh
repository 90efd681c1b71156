#!/bin/sh
# registry.sh -- asks a registry about a tag, and changes nothing.
#
#     registry.sh free IMAGE TAG      0 when the tag is not there; 1 when it is, or when that cannot be found out
#     registry.sh digest IMAGE TAG    prints the digest that the tag has
#
# REGISTRY_USER and REGISTRY_TOKEN sign in, where the registry wants it. A registry on this machine is asked by http.
set -eu
# shellcheck source=compose/ci/lib.sh
. "$(dirname "$0")/lib.sh"

types='application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json,
application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'

# Settings with secrets go to curl in a file, as everybody sees arguments.
ask() { # url settings: sets $status; headers and body are in $private
  status=$(curl -q -s -K "$2" --proto '=http,https' --max-time 30 --max-filesize 4194304 -D "$private/headers" \
    -o "$private/body" -w '%{http_code}' "$1") || status=000
}

header() { # name: its value in the last answer
  tr -d '\r' <"$private/headers" | sed -n "s/^$1: *//Ip" | tail -n 1
}

challenge() { # parameter of WWW-Authenticate
  header www-authenticate | sed -n "s/.*[ ,]$1=\"\\([^\"]*\\)\".*/\\1/p"
}

sign_in() { # scope: puts the token into the settings
  realm=$(challenge realm) service=$(challenge service)
  if ! fits "$realm" "${base%%:*}://[A-Za-z0-9./:_-]+" || ! fits "$service" '[A-Za-z0-9./:_-]*'; then
    die "$host names no place to sign in at"
  fi
  : >"$private/login"
  [ -z "${REGISTRY_TOKEN:-}" ] ||
    printf 'user = "%s:%s"\n' "${REGISTRY_USER:-token}" "$REGISTRY_TOKEN" >"$private/login"
  ask "$realm?service=$service&scope=repository:$path:$1" "$private/login"
  [ "$status" = 200 ] || return 1
  token=$(tr -d '\n' <"$private/body" | sed -n 's/.*"\(access_\)\{0,1\}token" *: *"\([^"]*\)".*/\2/p')
  fits "$token" '[A-Za-z0-9._~+/=-]+' || return 1
  printf 'header = "Authorization: Bearer %s"\n' "$token" >>"$private/settings"
}

ask_tag() {
  printf 'header = "Accept: %s"\n' "$(printf %s "$types" | tr '\n' ' ')" >"$private/settings"
  ask "$base/v2/$path/manifests/$tag" "$private/settings"
  [ "$status" = 401 ] || return 0
  cp "$private/headers" "$private/challenge"
  # Some registries let nobody read where nothing is yet; who may write there is let in.
  sign_in pull || { cp "$private/challenge" "$private/headers" && sign_in pull,push; } ||
    die "$host does not let us in to $path ($status): is REGISTRY_TOKEN right, and may it read packages?"
  ask "$base/v2/$path/manifests/$tag" "$private/settings"
}

[ $# = 3 ] || refuse "usage: registry.sh free|digest IMAGE TAG"
command=$1 image=$2 tag=$3
is_image "$image" || refuse "the image $image is not registry/name"
fits "$tag" '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}' || refuse "$tag is no tag"
for secret in "${REGISTRY_USER:-}" "${REGISTRY_TOKEN:-}"; do
  fits "$secret" '[][A-Za-z0-9._~+/=-]*' || refuse "REGISTRY_USER or REGISTRY_TOKEN holds an odd character"
done
host=${image%%/*} path=${image#*/}
case $host in
127.0.0.1:* | localhost:*) base=http://$host ;;
*) base=https://$host ;;
esac
private_folder
ask_tag
case $command:$status in
free:404) ;;
free:200) die "$image:$tag is there already, and a published version stays what it is: choose another version" ;;
digest:200)
  digest=$(header docker-content-digest)
  fits "$digest" 'sha256:[0-9a-f]{64}' || die "$host does not say the digest of $image:$tag"
  printf '%s\n' "$digest"
  ;;
digest:404) die "$image:$tag is not there" ;;
free:* | digest:*) die "$host answers $status to a question about $image:$tag; it cannot be known whether it is there" ;;
*) refuse "usage: registry.sh free|digest IMAGE TAG" ;;
esac

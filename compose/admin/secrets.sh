# shellcheck shell=sh
# shellcheck disable=SC2154 # shared with the other parts
# secrets.sh -- of jarvis-admin: every secret is made here, and never over one that is there. The folder is root's alone;
# the files in it may be read by whoever is given one, as containers get them one by one and run as other users.

random_word() { # of 32 letters and digits: 190 bits, and nothing that an URL would have to escape
  word=$(openssl rand -base64 60 | tr -dc 'A-Za-z0-9' | cut -c1-32)
  [ ${#word} -eq 32 ] || die "openssl rand gave too little"
  printf '%s\n' "$word"
}

write_secret() { # path, text on standard input: whole or not at all, never over another
  (umask 077 && cat >"$1.new") && chmod 0444 "$1.new" && ln "$1.new" "$1" && rm -f "$1.new"
}

make_password() { # name under secrets/
  if [ -s "$home/secrets/$1" ]; then return 0; fi
  if [ -n "$dry" ]; then say "would     make secrets/$1"; else
    random_word | write_secret "$home/secrets/$1" || die "secrets/$1: cannot be written"
    say "done      secrets/$1"
  fi
}

secrets_folder() {
  make_dir "$home/secrets" 0700
  for folder in tls llm nats nats/server certificate; do make_dir "$home/secrets/$folder" 0755; done
  make_dir "$home/state" 0755
}

# Both are written by the backup service, whose user is the image's postgres.
backups_folder() {
  [ -d "$home/backups" ] || make_dir "$home/backups" 0700
  [ -d "$home/state/metrics" ] || make_dir "$home/state/metrics" 0755
}

# ---- TLS between the processes: a CA of this server's own ----------------------------------------

make_ca() {
  if [ -s "$home/secrets/tls/ca.key" ]; then return 0; fi
  change "a certificate authority of this server's own" new_ca
}

new_ca() {
  at=$home/secrets/tls
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$at/ca.key.new") &&
    openssl req -x509 -new -key "$at/ca.key.new" -sha256 -days 3650 -subj "/O=Jarvis/CN=Jarvis private CA" \
      -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
      -out "$at/ca.crt.new" &&
    chmod 0444 "$at/ca.crt.new" && mv "$at/ca.crt.new" "$at/ca.crt" && mv "$at/ca.key.new" "$at/ca.key"
}

names_for() { # service
  case $1 in
  nats) echo 'DNS:nats,DNS:nats-1,DNS:nats-2,DNS:nats-3,DNS:localhost,IP:127.0.0.1' ;;
  *) echo "DNS:$1,DNS:localhost,IP:127.0.0.1" ;;
  esac
}

sign_server() { # service: a key and a certificate beside those in use, as SERVICE.key.new and SERVICE.crt.new
  at=$home/secrets/tls
  {
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
    printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s\n' "$(names_for "$1")"
  } >"$at/$1.ext" &&
    (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$at/$1.key.new") &&
    openssl req -new -key "$at/$1.key.new" -subj "/O=Jarvis/CN=$1" -out "$at/$1.csr" &&
    openssl x509 -req -in "$at/$1.csr" -CA "$at/ca.crt" -CAkey "$at/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
      -sha256 -days 730 -extfile "$at/$1.ext" -out "$at/$1.crt.new" &&
    chmod 0444 "$at/$1.key.new" "$at/$1.crt.new" && rm -f "$at/$1.ext" "$at/$1.csr"
}

new_server() { # service
  sign_server "$1" && mv "$at/$1.key.new" "$at/$1.key" && mv "$at/$1.crt.new" "$at/$1.crt"
}

make_servers() {
  for server in nats postgres; do
    [ -s "$home/secrets/tls/$server.crt" ] || change "certificate of $server" new_server "$server"
  done
}

# ---- NATS ----------------------------------------------------------------------------------------

nats_conf() { # more arguments: in a container that reaches nothing but its folder
  docker run --rm --network none --cap-drop ALL --security-opt no-new-privileges --user 0:0 --entrypoint /usr/bin/jarvis \
    -v "$home/secrets/nats:/nats" "$jarvis_image" nats-conf --dir /nats --listen 0.0.0.0:4222 --store /data "$@"
}

make_nats() {
  if [ -s "$home/secrets/nats/server/server.conf" ]; then return 0; fi
  change "identities for the bus" new_nats
}

new_nats() {
  nats_conf "$@" && publish_nats
}

# The server has its folder mounted and takes what is new by a signal; containers take their credentials when they start.
publish_nats() {
  at=$home/secrets/nats
  chmod 0755 "$at" "$at/creds" && chmod 0444 "$at"/creds/*.creds && chmod 0700 "$at/keys" &&
    cp "$at/server.conf" "$at/server/server.conf.new" && chmod 0444 "$at/server/server.conf.new" &&
    mv "$at/server/server.conf.new" "$at/server/server.conf"
}

# ---- backups -------------------------------------------------------------------------------------

age_keygen() {
  if command -v age-keygen >/dev/null 2>&1; then age-keygen; else
    docker run --rm --network none --cap-drop ALL --entrypoint age-keygen "$tools_image"
  fi
}

make_backup_keys() {
  if [ -s "$home/secrets/backup_recipient" ]; then return 0; fi # the identity may have been taken elsewhere
  change "keys of the backups" new_backup_keys
}

new_backup_keys() {
  identity=$(cat "$home/secrets/backup_identity" 2>/dev/null) || { # not of a run that was cut short
    identity=$(age_keygen) && printf '%s\n' "$identity" | write_secret "$home/secrets/backup_identity" || return 1
  }
  recipient=$(printf '%s\n' "$identity" | sed -n 's/^# public key: //p') && [ -n "$recipient" ] &&
    printf '%s\n' "$recipient" | write_secret "$home/secrets/backup_recipient"
}

# ---- all of them ---------------------------------------------------------------------------------

make_secrets() {
  secrets_folder
  for password in postgres_password database_password_a database_password_b admin_password probe_password; do
    make_password "$password"
  done
  make_ca
  make_servers
  make_nats
  make_backup_keys
  backups_folder
}

database_url_of() { # role password: of the bundled server
  printf 'postgresql://%s:%s@postgres/jarvis?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt\n' "$1" "$2"
}

take_secret() { # name under secrets/, text: what the owner gave, so it may be given anew
  if [ "$(cat "$home/secrets/$1" 2>/dev/null)" = "$2" ] && [ -e "$home/secrets/$1" ]; then return 0; fi
  put "$home/secrets/$1" 0444 <<END || :
$2
END
}

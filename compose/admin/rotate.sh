# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# rotate.sh -- of jarvis-admin: new keys while everything runs. New ones are valid before the old ones stop: always make,
# give to every process by rolling it, then take the old ones away. Cut short anywhere, it may be called again.

cmd_rotate() {
  [ $# -gt 0 ] || usage "rotate: which? jwt, nats, database or tls"
  what=$1
  shift
  url_file=
  while [ $# -gt 0 ]; do
    case $1 in
    --url-file) value_of "$1" $# && url_file=$2 && shift ;;
    --dry-run) ;;
    *) usage "rotate $what: $1 is no option of it" ;;
    esac
    shift
  done
  [ -z "$url_file" ] || [ "$what" = database ] || usage "rotate $what: --url-file is for the database"
  case $what in
  jwt | nats | database | tls) ;;
  *) usage "rotate $what: is none of jwt, nats, database, tls" ;;
  esac
  lock_home
  refuse_half_rolled
  image=$(setting JARVIS_IMAGE)
  jarvis_image=$image
  trap '' HUP PIPE
  "rotate_$what"
}

# Every process anew, of the same image, with the secrets as they are now.
roll_same() { # since when (older ones are stale)
  before=$1
  roll_all || die "rotate $what: a process does not come up with the new one; call it again when that is mended"
}

now() { date -u +%Y-%m-%dT%H:%M:%S; }

# A container that was made in this very second would count as new.
next_second() {
  second=$(date +%s)
  while [ "$(date +%s)" = "$second" ]; do sleep 0.1; done
  now
}

# ---- tokens --------------------------------------------------------------------------------------

rotate_jwt() {
  if [ -n "$dry" ]; then
    say "would     ask auth for a new signing key (POST /auth/keys)"
    return 0
  fi
  know_authority
  admin=$(setting JARVIS_ADMIN admin)
  password=$(admin_password) || exit 1
  sign_in "$admin" "$password" || die "rotate jwt: $trouble"
  ask_edge POST /auth/keys '{}' || die "rotate jwt: $trouble"
  key=$(member kid)
  [ -n "$key" ] || die "rotate jwt: auth named no new key"
  say "done      tokens are signed with $key; the key before is shown until its tokens ran out"
}

# The first administrator's, unless the person has changed it since.
admin_password() {
  if [ -n "${JARVIS_PASSWORD:-}" ]; then
    printf '%s\n' "$JARVIS_PASSWORD"
  elif sign_in "$(setting JARVIS_ADMIN admin)" "$(cat "$home/secrets/admin_password")"; then
    cat "$home/secrets/admin_password"
  elif [ -t 0 ]; then
    ask_secret "Password of $(setting JARVIS_ADMIN admin)"
  else
    die "rotate jwt: secrets/admin_password is not the administrator's any more ($trouble); give it in JARVIS_PASSWORD"
  fi
}

# ---- bus -----------------------------------------------------------------------------------------

rotate_nats() {
  if [ -n "$dry" ]; then
    say "would     give every user of the bus a new key, roll every process, revoke the old keys"
    return 0
  fi
  # A run that was cut short has made the new keys already; once more is no harm.
  change "new keys for every user of the bus" new_nats --rotate
  since=$(next_second)
  signal_nats
  roll_same "$since"
  change "the old keys are revoked" new_nats --revoke
  signal_nats
}

# From inside: after a `docker kill`, of any signal, Docker does not start a container again when the machine was.
signal_nats() {
  for server in $(services_of | grep -x 'nats\(-[0-9]\)\{0,1\}'); do
    quietly compose exec -T "$server" /bin/sh -c 'kill -HUP 1' || die "rotate $what: $server could not be told"
  done
}

# ---- database ------------------------------------------------------------------------------------

rotate_database() {
  since_file=$home/state/rotating-database
  if words_have postgres "$(setting COMPOSE_PROFILES)"; then
    [ -z "$url_file" ] || usage "rotate database: --url-file is for a managed one; this one is bundled"
    rotate_bundled
  else
    rotate_managed
  fi
}

role_in_use() { sed -n 's,^postgres[a-z]*://\(jarvis_[ab]\):.*,\1,p' "$home/secrets/database_url"; }

other_role() {
  case $1 in
  jarvis_a) echo jarvis_b ;;
  *) echo jarvis_a ;;
  esac
}

# Two roles take turns; both are the owner's. The idle one gets a new password and everybody moves to it; then the other
# one's is changed to what nobody has.
rotate_bundled() {
  if [ -n "$dry" ]; then
    say "would     move every process from $(role_in_use) to $(other_role "$(role_in_use)"), then lock $(role_in_use)"
    return 0
  fi
  if [ -f "$since_file" ]; then
    new_role=$(cut -d' ' -f2 "$since_file")
    say "going on with the rotation to $new_role that was cut short"
  else
    old=$(role_in_use)
    [ -n "$old" ] || die "rotate database: secrets/database_url names neither jarvis_a nor jarvis_b"
    new_role=$(other_role "$old")
    random_word | put_in_place "$home/secrets/database_password_${new_role#jarvis_}" 0444
    printf '%s %s\n' "$(next_second)" "$new_role" >"$since_file"
  fi
  change "a new password for $new_role" open_role "$new_role"
  take_secret database_url "$(database_url_of "$new_role" "$(cat "$home/secrets/database_password_${new_role#jarvis_}")")"
  roll_same "$(cut -d' ' -f1 "$since_file")"
  others_of_database
  lock_role "$(other_role "$new_role")"
  rm -f "$since_file"
}

tell_password() { # role: as its secret is now
  compose exec -T postgres /bin/sh /etc/jarvis/postgres/start password "$1" \
    <"$home/secrets/database_password_${1#jarvis_}"
}

owner_psql() { # statement
  compose exec -T postgres /bin/sh /etc/jarvis/postgres/start psql -q -c "$1"
}

open_role() { # role
  tell_password "$1" && owner_psql "alter role $1 login"
}

lock_role() { # role: a password that no process has been given, and its connections end
  random_word | put_in_place "$home/secrets/database_password_${1#jarvis_}" 0444
  change "a password for $1 that nobody has" tell_password "$1"
  change "$1 is locked" owner_psql "alter role $1 nologin"
  change "connections of $1 are closed" owner_psql \
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = '$1'"
}

# What has a database and is no actor.
others_of_database() {
  if has_service backup && [ -n "$(containers_of backup)" ]; then
    change "backup has the new one" compose up -d --no-deps --force-recreate backup
  fi
  if has_service prometheus && [ -n "$(containers_of prometheus)" ]; then
    change "monitoring has the new one" compose up -d --no-deps prometheus
  fi
}

rotate_managed() {
  [ -n "$url_file" ] || usage "rotate database: this one is managed: make a new user or password at the provider (the old
one must go on until the end), and give its URL with --url-file FILE"
  url=$(one_line_of --url-file "$url_file") || exit 2
  wrong=$(check_database_url "$url")
  [ -z "$wrong" ] || usage "--url-file: $wrong"
  database_ca=
  at=$home/secrets/database_url
  # The one that works, also when a run before was cut short; another file takes its name.
  if [ -z "$dry" ] && [ ! -e "$at.before" ]; then ln "$at" "$at.before"; fi
  take_secret database_url "$(complete_database_url "$url")"
  [ -z "$dry" ] || return 0
  quietly compose run --rm --no-deps -T migrate || {
    mv "$at.before" "$at"
    die "rotate database: migrate cannot use the new URL, so the one before stays; see $(log_file)"
  }
  change "monitoring looks at the new one" set_setting JARVIS_POSTGRES_TARGET "$(postgres_target)"
  roll_same "$(next_second)"
  others_of_database
  rm -f "$at.before"
  say "done      nobody uses the old one any more: take it away at the provider"
}

# ---- TLS between the processes -------------------------------------------------------------------

# Certificates of the same authority, so nobody has to be told; files go on, as containers have them mounted.
rotate_tls() {
  for server in nats postgres; do
    change "a new certificate of $server" sign_server "$server"
    [ -n "$dry" ] || replace_server "$server"
  done
  [ -z "$dry" ] || return 0
  signal_nats
  say "done      nats takes it for new connections"
  ! has_service postgres || change "postgres takes it for new connections" reload_postgres
}

replace_server() { # service
  at=$home/secrets/tls
  put_in_place "$at/$1.key" 0444 <"$at/$1.key.new"
  put_in_place "$at/$1.crt" 0444 <"$at/$1.crt.new"
  rm -f "$at/$1.key.new" "$at/$1.crt.new"
}

# The server reads a copy of its key that only it can read (postgres/start).
reload_postgres() {
  # shellcheck disable=SC2016 # for the container's shell
  compose exec -T postgres /bin/sh -c 'umask 077
    cat /run/secrets/postgres.key >/tmp/postgresql/postgres.key &&
      exec /bin/sh /etc/jarvis/postgres/start psql -q -c "select pg_reload_conf()"'
}

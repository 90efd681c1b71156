# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# doctor.sh -- of jarvis-admin: looking. status and logs; verify, which asks as a person would; doctor, which looks at all
# that a deploy needs. None of them changes anything.

# ---- status and logs -----------------------------------------------------------------------------

cmd_status() {
  no_arguments "$@"
  must_be_configured
  know_services
  printf 'image      %s\n' "$(setting JARVIS_IMAGE)"
  printf 'deployed   %s\n' "$(tail -n 1 "$home/state/deployed" 2>/dev/null | grep . || echo 'nothing yet')"
  [ ! -f "$home/state/rolling" ] ||
    printf 'rolling    to %s since %s: cut short? deploy it again, or rollback\n' "$(rolling_to)" "$(rolling_since)"
  printf 'address    https://%s\n' "$(setting JARVIS_DOMAIN)"
  printf 'certificate %s\n' "$(certificate_days)"
  printf 'backup     %s\n' "$(backup_age)"
  printf 'disk       %s\n' "$(df -Ph "$home" | awk 'NR == 2 { print $4 " free of " $2 " (" $5 " used)" }')"
  well=0
  printf '\n%-14s %-28s %-10s %s\n' service container state image
  for service in $(services_of); do status_of "$service" || well=1; done
  return $well
}

status_of() { # service: a line for each of its containers; false when one is not well
  for one in $(containers_of "$1" -a); do
    docker inspect -f '{{slice .Name 1}} {{.State.Status}} {{if and .State.Running .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.ExitCode}} {{.Config.Image}}' \
      "$one"
  done | {
    well=0 lines=0
    while read -r name state health code picture; do
      lines=1
      [ "$health" = none ] || state=$health
      if [ "$state $code" = 'exited 0' ] && [ "$(how_it_restarts "$name")" = no ]; then state='done'; fi
      case $state in
      healthy | running | 'done' | starting) ;;
      *) well=1 ;;
      esac
      printf '%-14s %-28s %-10s %s\n' "$1" "$name" "$state" "$picture"
    done
    [ $lines = 1 ] || {
      printf '%-14s %-28s %-10s\n' "$1" - missing
      well=1
    }
    return $well
  }
}

how_it_restarts() { # container; no: it has one thing to do, as migrate
  docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' "$1"
}

edge_address() {
  listen=$(setting HTTPS_LISTEN 443)
  case $listen in
  0.0.0.0:*) echo 127.0.0.1 ;;
  *:*) echo "${listen%:*}" ;;
  *) echo 127.0.0.1 ;;
  esac
}
edge_port() { setting HTTPS_LISTEN 443 | sed 's/.*://'; }

certificate_end() { # as the world sees it; nothing when nobody answers
  { echo | timeout 10 openssl s_client -connect "$(edge_address):$(edge_port)" -servername "$(setting JARVIS_DOMAIN)" |
    openssl x509 -noout -enddate; } 2>/dev/null | cut -d= -f2
}

days_until() { # a date as openssl prints it
  echo $((($(date -d "$1" +%s) - $(date +%s)) / 86400))
}

certificate_days() {
  ends=$(certificate_end)
  if [ -n "$ends" ]; then echo "$(days_until "$ends") days left"; else echo "nobody answers on port $(edge_port)"; fi
}

backup_age() {
  newest=$(newest_backup)
  if [ -z "$newest" ]; then echo none; else
    hours=$((($(date +%s) - $(stat -c %Y "$home/backups/$newest")) / 3600))
    echo "$newest, $hours h ago"
  fi
}

cmd_logs() {
  service='' since='' follow=''
  while [ $# -gt 0 ]; do
    case $1 in
    --since) value_of "$1" $# && since=$2 && shift ;;
    --follow | -f) follow=yes ;;
    --dry-run) ;;
    -*) usage "logs: $1 is no option of it" ;;
    *) service=$1 ;;
    esac
    shift
  done
  [ -z "$since" ] || is_like "$since" '[0-9]{1,6}[smh]|[0-9T:Z-]{10,25}' || usage "logs: --since $since is no time such as 10m"
  must_be_configured
  know_services
  [ -z "$service" ] || has_service "$service" || usage "logs: there is no service $service; status lists them"
  [ -z "$dry" ] || return 0
  if [ -z "$since" ]; then
    compose logs --no-color --tail 200 ${follow:+--follow} ${service:+"$service"}
  else
    logs_since
  fi
}

# compose 1.29 has no --since.
logs_since() {
  [ -z "$follow" ] || [ -n "$service" ] || usage "logs: --follow with --since wants a service"
  for each in ${service:-$(services_of)}; do
    for one in $(containers_of "$each" -a); do
      docker logs --since "$since" ${follow:+-f} "$one" 2>&1 | sed "s/^/$each | /"
    done
  done
}

# ---- asking, as a person does --------------------------------------------------------------------

# Through nginx on this machine, whatever DNS says; the certificate is checked all the same. JARVIS_VERIFY_CA: for tests.
edge_curl() { # path arguments...: more settings come on standard input, so that no secret is in a command line
  path=$1
  shift
  curl -sS --max-time 20 --config - ${authority:+--cacert "$authority"} \
    --resolve "$(setting JARVIS_DOMAIN):$(edge_port):$(edge_address)" -w '\n%{http_code}' "$@" \
    "https://$(setting JARVIS_DOMAIN):$(edge_port)$path" 2>&1
}

quoted() { # for a curl config, and for JSON
  printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

# Sets answer, and trouble when that is not the one that was hoped for.
take_answer() { # what, words of curl
  code=$(printf '%s\n' "$2" | tail -n 1)
  answer=$(printf '%s\n' "$2" | sed '$d')
  case $code in
  2??) return 0 ;;
  000 | *[!0-9]*) trouble="$1: $(printf '%s' "$answer" | tr '\n' ' ' | cut -c1-200)" ;;
  *) trouble="$1 was answered with $code: $(printf '%s' "$answer" | tr -d '\n' | cut -c1-200)" ;;
  esac
  return 1
}

member() { # name: a string member of answer's object, the first of that name
  printf '%s' "$answer" | tr -d '\n' | sed -n "s/^.*\"$1\" *: *\"\([^\"]*\)\".*\$/\1/p" | head -n 1
}

sign_in() { # user password: sets token
  body=$(quoted "{\"username\":\"$(quoted "$1")\",\"password\":\"$(quoted "$2")\"}")
  reply=$(printf 'header = "Content-Type: application/json"\ndata-raw = "%s"\n' "$body" | edge_curl /auth/login) || :
  take_answer "signing in as $1" "$reply" || return 1
  token=$(member access_token)
  [ -n "$token" ] || {
    trouble="signing in as $1: no token came"
    return 1
  }
}

ask_edge() { # method path body: as whoever signed in
  reply=$(printf 'header = "Content-Type: application/json"\nheader = "Authorization: Bearer %s"\n' "$token" |
    edge_curl "$2" -X "$1" --data-raw "$3") || :
  take_answer "$1 $2" "$reply"
}

# Until the authority has given one, the certificate is a placeholder of the service acme; it is asked what that is, so
# that even then nobody else can answer.
know_authority() {
  authority=$(setting JARVIS_VERIFY_CA)
  if [ -n "$authority" ] || ! is_placeholder; then return 0; fi
  complain "the certificate is a placeholder still, which browsers refuse: see jarvis-admin logs acme"
  authority=$home/state/placeholder.pem
  docker exec "$acme" cat /etc/jarvis/tls/cert.pem >"$authority"
}

verify_once() {
  trouble=
  sign_in "$(setting JARVIS_PROBE probe)" "$(cat "$home/secrets/probe_password")" || return 1
  question=$(setting JARVIS_VERIFY_QUESTION 'show my tickets')
  ask_edge POST /api/chat "{\"message\":\"$(quoted "$question")\"}" || return 1
  outcome=$(member outcome)
  [ "$outcome" = answered ] || {
    trouble="\"$question\" had the outcome \"$outcome\" and not answered"
    return 1
  }
}

verify_within() { # seconds: tries again until then
  know_authority
  verify_until=$(($(date +%s) + $1))
  until verify_once; do
    if [ "$(date +%s)" -ge "$verify_until" ]; then
      complain "verify: $trouble"
      return 1
    fi
    sleep 1
  done
  say "verified: signed in as $(setting JARVIS_PROBE probe), \"$question\" is answered"
}

cmd_verify() {
  wait_for=0
  while [ $# -gt 0 ]; do
    case $1 in
    --wait) value_of "$1" $# && wait_for=$2 && shift ;;
    --dry-run) ;;
    *) usage "verify: $1 is no option of it" ;;
    esac
    shift
  done
  is_like "$wait_for" '[0-9]{1,4}' || usage "verify: --wait $wait_for is no number of seconds"
  must_be_configured
  if [ -n "$dry" ]; then
    say "would     sign in at https://$(setting JARVIS_DOMAIN):$(edge_port) and ask a question"
    return 0
  fi
  verify_within "$wait_for" || exit 1
}

# ---- doctor --------------------------------------------------------------------------------------

# What the world outside has to do with: a reason not to begin, but none to leave a running system without a mend.
amiss() {
  if [ -n "${for_deploy:-}" ]; then warn "$@"; else bad "$@"; fi
}
fine() { say "ok    $*"; }
warn() { say "warn  $*"; }
bad() {
  say "FAIL  $*"
  bad_ones=$((bad_ones + 1))
}

cmd_doctor() {
  host_only=
  while [ $# -gt 0 ]; do
    case $1 in
    --host) host_only=yes ;;
    --dry-run) ;;
    *) usage "doctor: $1 is no option of it" ;;
    esac
    shift
  done
  must_be_configured
  know_services
  image=$(setting JARVIS_IMAGE)
  examine
  if [ -z "$host_only" ] && [ -z "$dry" ]; then
    find_compose
    if [ -z "$(containers_of nats)" ]; then skipped "database and bus: nothing runs yet; once more after jarvis-admin up"
    else doctor_inside || bad "doctor in the image found something (above)"; fi
  fi
  [ "$bad_ones" = 0 ] || die "doctor: $bad_ones to mend"
}

examine() {
  bad_ones=0
  doctor_docker
  doctor_room
  doctor_settings
  doctor_secrets
  doctor_ports
  doctor_name
  doctor_certificate
  doctor_backup
}

# With every user's credentials. From there the public address cannot be reached: that was looked at here already.
doctor_inside() {
  compose run --rm --no-deps -T -e JARVIS_PUBLIC_URL= -e NATS_CREDS=/run/secrets/creds \
    -v "$home/secrets/nats/creds:/run/secrets/creds:ro" migrate doctor
}

# For a deploy: only what is wrong is shown.
doctor_quietly() {
  report=$(cmd_doctor_for_deploy 2>&1) && return 0
  { printf '%s\n' "$report" | grep -E '^(FAIL|warn)' || printf '%s\n' "$report" | tail -n 5; } >&2
  return 1
}

cmd_doctor_for_deploy() {
  for_deploy=yes
  examine
  doctor_inside || bad "doctor in $image found something"
  [ "$bad_ones" = 0 ]
}

doctor_docker() {
  engine=$(docker version -f '{{.Server.Version}}' 2>/dev/null) || engine=
  case $engine in
  '') bad "docker: the engine does not answer (is the service docker running?)" && return ;;
  1[0-9].* | [0-9].*) bad "docker: $engine is too old, 20.10 is needed" ;;
  *) fine "docker $engine" ;;
  esac
  find_compose
  fine "compose: $compose_is $(compose version --short 2>/dev/null | head -n 1)"
  if quietly compose config -q; then fine "compose takes compose.yml and .env"; else
    bad "compose does not take compose.yml and .env: $(compose config -q 2>&1 | tail -n 1)"
  fi
}

doctor_room() {
  free=$(df -Pk "$home" | awk 'NR == 2 { print int($4 / 1024) }')
  if [ "$free" -lt 1024 ]; then bad "disk: $free MiB free at $home, at least 1024 are needed"
  elif [ "$free" -lt 4096 ]; then warn "disk: $free MiB free at $home"; else fine "disk: $free MiB free"; fi
  memory_is=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  if [ "$memory_is" -lt 128 ]; then bad "memory: $memory_is MiB available, a deploy needs 128"; else
    fine "memory: $memory_is MiB available"
  fi
  [ ! -e /run/reboot-required ] || warn "the machine wants to be restarted (a new kernel or library)"
}

doctor_settings() {
  missing=
  for name in COMPOSE_FILE JARVIS_IMAGE TOOLS_IMAGE JARVIS_DOMAIN JARVIS_NET; do
    [ -n "$(setting "$name")" ] || missing="$missing $name"
  done
  for file in jarvis.env nginx/site.conf; do [ -s "$home/$file" ] || missing="$missing $file"; done
  if [ -n "$missing" ]; then bad ".env:$missing missing; jarvis-admin configure"; else fine "settings are complete"; fi
  if image_id "$(setting JARVIS_IMAGE)" >/dev/null; then fine "image $(setting JARVIS_IMAGE)"; else
    warn "image $(setting JARVIS_IMAGE) is not here yet"
  fi
}

doctor_secrets() {
  mode=$(stat -c '%a %u' "$home/secrets")
  if [ "$mode" != '700 0' ]; then bad "secrets: is $mode (mode, owner), must be 700 and root's"; else fine "secrets are root's alone"; fi
  mode=$(stat -c %a "$home/.env")
  case $mode in
  600 | 400) ;;
  *) warn ".env has mode $mode; 600 is enough" ;;
  esac
  weak=
  for name in postgres_password database_password_a database_password_b admin_password probe_password; do
    is_strong "$name" || weak="$weak $name"
  done
  for name in tls/ca.crt tls/nats.crt tls/nats.key tls/postgres.crt tls/postgres.key database_url backup_recipient \
    nats/server/server.conf nats/creds/gateway.creds; do
    [ -s "$home/secrets/$name" ] || weak="$weak $name"
  done
  if [ -n "$weak" ]; then bad "secrets:$weak missing or weak; jarvis-admin configure makes what is missing"; else
    fine "secrets are there and strong"
  fi
  wrong=$(check_database_url "$(cat "$home/secrets/database_url" 2>/dev/null)")
  [ -z "$wrong" ] || bad "secrets/database_url $wrong"
  doctor_inner_certificates
}

is_strong() { # 20 characters, of which at least 10 are different
  secret=$(cat "$home/secrets/$1" 2>/dev/null)
  [ ${#secret} -ge 20 ] && [ "$(printf %s "$secret" | fold -w1 | sort -u | wc -l)" -ge 10 ]
}

doctor_inner_certificates() {
  for server in nats postgres; do
    at=$home/secrets/tls/$server.crt
    [ -s "$at" ] || continue
    if ! openssl verify -CAfile "$home/secrets/tls/ca.crt" "$at" >/dev/null 2>&1; then
      bad "secrets/tls/$server.crt is not of this server's authority, or has expired; jarvis-admin rotate tls"
    elif ! openssl x509 -in "$at" -noout -checkend 2592000 >/dev/null; then
      warn "secrets/tls/$server.crt ends within 30 days; jarvis-admin rotate tls"
    else fine "certificate of $server"; fi
  done
}

doctor_ports() {
  command -v ss >/dev/null 2>&1 || return 0
  for port in $(setting HTTP_LISTEN 80) $(setting HTTPS_LISTEN 443); do
    port=${port##*:}
    if [ -n "$(containers_of nginx)" ]; then fine "port $port is ours"
    elif [ -n "$(ss -Hltn "sport = :$port" 2>/dev/null)" ]; then
      amiss "port $port is taken: $(ss -Hltnp "sport = :$port" | sed -n 's/.*users:((\("[^"]*"\).*/by \1/p' | head -n 1)"
    else fine "port $port is free"; fi
  done
}

doctor_name() {
  name_is=$(setting JARVIS_DOMAIN)
  addresses=$(getent ahosts "$name_is" 2>/dev/null | awk '{ print $1 }' | sort -u)
  if [ -z "$addresses" ]; then
    if [ "$(setting JARVIS_TLS acme)" = acme ] && [ -z "$(setting JARVIS_ACME_SERVER)" ]; then
      amiss "DNS: $name_is has no address; set an A record to this server"
    else warn "DNS: $name_is has no address here"; fi
    return 0
  fi
  own=$(own_addresses)
  for address in $addresses; do
    printf '%s\n' "$own" | grep -qxF "$address" && fine "DNS: $name_is is $address, this server" && return
  done
  warn "DNS: $name_is is $(printf '%s' "$addresses" | tr '\n' ' '), which is none of this server's addresses (a proxy before it?)"
}

own_addresses() { ip -o addr 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }'; }

is_placeholder() {
  acme=$(containers_of acme | head -n 1)
  [ -n "$acme" ] && [ "$(docker exec "$acme" cat /etc/jarvis/tls/kind 2>/dev/null)" = placeholder ]
}

doctor_certificate() {
  [ -n "$(containers_of nginx)" ] || return 0
  ends=$(certificate_end)
  if [ -z "$ends" ]; then amiss "certificate: nobody answers on port $(edge_port)"; return 0; fi
  left=$(days_until "$ends")
  if is_placeholder; then amiss "certificate: a placeholder still; see jarvis-admin logs acme"
  elif [ "$left" -lt 7 ]; then amiss "certificate: $left days left; see jarvis-admin logs acme"
  elif [ "$left" -lt 25 ]; then warn "certificate: $left days left and not renewed; see jarvis-admin logs acme"
  else fine "certificate: $left days left"; fi
}

doctor_backup() {
  has_service backup || return 0
  newest=$(newest_backup)
  if [ -z "$newest" ]; then warn "backup: there is none yet; jarvis-admin backup makes one"
  elif [ -n "$(find "$home/backups/$newest" -mmin +2880)" ]; then warn "backup: the last is $(backup_age)"
  else fine "backup: $(backup_age)"; fi
  [ -s "$home/secrets/backup_recipient" ] || bad "secrets/backup_recipient is missing: backups cannot be encrypted"
}

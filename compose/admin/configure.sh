# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# configure.sh -- of jarvis-admin: the few questions, each answer looked at, then .env, jarvis.env, nginx/site.conf and every
# secret. Nothing is written before all answers are good. Called again it keeps what was answered, and makes what is missing.

help_configure() {
  cat <<'END'
jarvis-admin configure [options]      asks for what is not given; with --yes it asks nothing

  --domain NAME             where people will find it: jarvis.example.org
  --email ADDRESS|none      where the certificate's authority may write to
  --certificate FILE        your own chain instead of ACME, with --certificate-key FILE
  --database bundled        PostgreSQL beside it; or
  --database-url-file FILE  a managed one: postgresql://user:password@host/name?sslmode=verify-full
  --database-ca FILE        the provider's CA, when it is not a public one
  --model none|gemini|openai|anthropic   with --model-key-file FILE
  --slack-file FILE         a Slack webhook for alerts
  --memory small|standard|large          a server of 1, 8, 16 GiB
  --image REF, --tools-image REF         what to run; default: of this release (versions.env)
  --gateways 1|2            two want a second of memory and survive one
  --monitoring yes|no       Prometheus and alerts; default: yes, but no where memory is small
  --listen-http P, --listen-https P      80 and 443; or an address and a port
  --subnet A.B.C            a /24 for nginx and the gateways, default 10.83.0
  --project NAME            of compose, default jarvis
  --acme-server URL         another authority than Let's Encrypt, with --acme-ca FILE-IN-CONTAINER

Secrets come from files, never from the command line, where every user of the machine could read them.
END
}

cmd_configure() {
  yes='' domain='' email='' certificate='' certificate_key='' database='' database_url_file='' database_ca=''
  model='' model_key_file='' slack_file='' memory='' jarvis_image='' tools_image='' gateways='' monitoring=''
  listen_http='' listen_https='' subnet='' project_name='' acme_server='' acme_ca=''
  read_options "$@"
  lock "$home/state/lock"
  answers
  check_files
  find_compose
  refuse_to_move_database
  have_image "$jarvis_image" --image
  have_image "$tools_image" --tools-image
  make_secrets
  take_given_secrets
  write_settings
  say "configured: $domain, database $database, memory $memory. Next: jarvis-admin doctor, then jarvis-admin up"
  say "keep a copy of $home/secrets/backup_identity elsewhere: without it no backup can be read"
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
    --yes) yes=yes ;;
    --dry-run) ;;
    --domain | --email | --certificate | --certificate-key | --database | --database-url-file | --database-ca | --model | \
      --model-key-file | --slack-file | --memory | --tools-image | --gateways | --monitoring | --listen-http | \
      --listen-https | --subnet | --acme-server | --acme-ca)
      value_of "$1" $#
      take_option "$(printf %s "${1#--}" | tr - _)" "$2"
      shift
      ;;
    --image) value_of "$1" $# && jarvis_image=$2 && shift ;;
    --project) value_of "$1" $# && project_name=$2 && shift ;;
    *) usage "configure: $1 is no option of it; see jarvis-admin configure --help" ;;
    esac
    shift
  done
}

take_option() { # variable value: the value is never looked at by eval
  eval "$1=\$2"
}

# ---- questions -----------------------------------------------------------------------------------

# Given by an option, or answered before, or asked for; until it is good. A check prints what is wrong, or nothing.
ask() { # variable option check default question
  eval "answer=\$$1"
  while :; do
    if [ -z "$answer" ] && [ -z "$yes" ] && [ -t 0 ]; then
      printf '%s [%s]: ' "$5" "$4" >&2
      IFS= read -r answer || die "no answer to: $5"
    fi
    answer=${answer:-$4}
    wrong=$("$3" "$answer")
    [ -n "$wrong" ] || break
    if [ -n "$yes" ] || [ ! -t 0 ]; then usage "$2 $answer: $wrong"; fi
    complain "$answer: $wrong"
    answer=
  done
  eval "$1=\$answer"
}

is_like() { # text pattern: the whole of it, one line
  case $1 in
  *'
'*) return 1 ;;
  esac
  printf '%s\n' "$1" | grep -Eqx "$2"
}

check_domain() {
  is_like "$1" '([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?' &&
    [ ${#1} -le 253 ] || echo "is no name such as jarvis.example.org"
}
check_email() {
  [ "$1" = none ] || { is_like "$1" '[A-Za-z0-9._%+][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+' && [ ${#1} -le 254 ]; } ||
    echo "is no address such as ops@example.org, nor none"
}
check_database() {
  case $1 in
  bundled | managed) ;;
  *) echo "is neither bundled nor managed" ;;
  esac
}
check_memory() {
  case $1 in
  small | standard | large) ;;
  *) echo "is none of small, standard, large" ;;
  esac
}
check_model() {
  case $1 in
  none | gemini | openai | anthropic) ;;
  *) echo "is none of none, gemini, openai, anthropic" ;;
  esac
}
check_gateways() {
  case $1 in
  1 | 2) ;;
  *) echo "is neither 1 nor 2" ;;
  esac
}
check_yes_no() {
  case $1 in
  yes | no) ;;
  *) echo "is neither yes nor no" ;;
  esac
}
check_image() {
  is_like "$1" '[a-z0-9][a-zA-Z0-9._/:-]*(@sha256:[0-9a-f]{64})?' && [ ${#1} -le 300 ] ||
    echo "is no reference of an image such as ghcr.io/owner/jarvis:1.2.3"
}
check_listen() {
  is_like "$1" '([0-9]{1,3}(\.[0-9]{1,3}){3}:)?[0-9]{1,5}' && [ "${1##*:}" -le 65535 ] && [ "${1##*:}" -ge 1 ] ||
    echo "is no port such as 443, or address and port such as 127.0.0.1:8443"
}
check_subnet() {
  is_like "$1" '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){2}' ||
    echo "is no beginning of a /24 such as 10.83.0"
}
check_project() {
  is_like "$1" '[a-z0-9][a-z0-9_-]{0,40}' || echo "is no name of small letters, digits, - and _"
}
check_acme_server() {
  [ -z "$1" ] || is_like "$1" 'https://[A-Za-z0-9./:_-]+' || echo "does not begin with https://"
}
check_path_inside() {
  [ -z "$1" ] || is_like "$1" '/[A-Za-z0-9./_-]+' || echo "is no path such as /etc/jarvis/acme/ca.pem"
}

release_setting() { # name default: of versions.env
  found=$(sed -n "s/^$1=//p" "$home/versions.env" 2>/dev/null | tail -n 1)
  printf '%s\n' "${found:-${2:-}}"
}

answers() {
  ask domain --domain check_domain "$(setting JARVIS_DOMAIN)" "Domain, whose name leads to this server"
  email_was=$(setting JARVIS_ACME_EMAIL)
  [ -z "$certificate$certificate_key" ] || email=${email:-none}
  if [ -z "$email_was" ] && [ -f "$home/.env" ]; then email_was=none; fi
  ask email --email check_email "$email_was" "E-mail for the certificate's authority, or none"
  [ -z "$database_url_file" ] || database=${database:-managed}
  ask database --database check_database "$(database_before)" "Database: bundled or managed"
  answer_database_url
  ask model --model check_model "$(setting JARVIS_MODEL none)" "Language model: none, gemini, openai or anthropic"
  answer_model_key
  answer_slack
  ask memory --memory check_memory "$(setting JARVIS_MEMORY "$(memory_here)")" "Memory: small, standard or large"
  answers_nobody_asks
}

# Those have good defaults, so they are options alone.
answers_nobody_asks() {
  asked=$yes yes=yes
  ask jarvis_image --image check_image "$(setting JARVIS_IMAGE "$(release_setting JARVIS_IMAGE)")" "Image"
  ask tools_image --tools-image check_image "$(setting TOOLS_IMAGE "$(release_setting TOOLS_IMAGE)")" "Image of tools"
  ask gateways --gateways check_gateways "$(setting JARVIS_GATEWAYS 1)" "Gateways"
  ask monitoring --monitoring check_yes_no "$(monitoring_before)" "Monitoring"
  ask listen_http --listen-http check_listen "$(setting HTTP_LISTEN 80)" "Port of HTTP"
  ask listen_https --listen-https check_listen "$(setting HTTPS_LISTEN 443)" "Port of HTTPS"
  ask subnet --subnet check_subnet "$(setting JARVIS_NET 10.83.0)" "Subnet"
  ask project_name --project check_project "$(setting COMPOSE_PROJECT_NAME jarvis)" "Project"
  ask acme_server --acme-server check_acme_server "$(setting JARVIS_ACME_SERVER)" "ACME server"
  ask acme_ca --acme-ca check_path_inside "$(setting JARVIS_ACME_CA)" "CA of the ACME server"
  yes=$asked
}

database_before() {
  if [ ! -f "$home/.env" ] || words_have postgres "$(setting COMPOSE_PROFILES)"; then echo bundled; else echo managed; fi
}

monitoring_before() {
  if [ -f "$home/.env" ]; then
    if words_have monitoring "$(setting COMPOSE_PROFILES)"; then echo yes; else echo no; fi
  elif [ "$memory" = small ]; then echo no; else echo yes; fi
}

memory_here() {
  awk '/^MemTotal:/ { m = $2 / 1048576; print m < 3 ? "small" : m < 12 ? "standard" : "large" }' /proc/meminfo
}

# ---- what comes from files -----------------------------------------------------------------------

one_line_of() { # option file: without its line's end
  if [ ! -f "$2" ] || [ ! -r "$2" ]; then usage "$1 $2: cannot be read"; fi
  line=$(head -c 8192 "$2")
  case $line in
  '') usage "$1 $2: is empty" ;;
  *'
'*) usage "$1 $2: has more than one line" ;;
  esac
  printf '%s\n' "$line"
}

ask_secret() { # question: not shown while it is typed; in a shell of its own
  trap 'stty echo; exit 130' HUP INT QUIT TERM # a terminal that shows nothing any more is a poor thing to leave behind
  stty -echo
  printf '%s: ' "$1" >&2
  IFS= read -r typed || typed=
  stty echo
  printf '\n' >&2
  printf '%s\n' "$typed"
}

may_ask() { [ -z "$yes" ] && [ -t 0 ]; }

# Never repeated in a message: there is a password in it.
check_database_url() {
  # shellcheck disable=SC2016 # letters, not variables
  if ! is_like "$1" 'postgres(ql)?://[^:@/ "$`\\]+:[^@/ "$`\\]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9_-]+(\?[A-Za-z0-9_=&%./-]*)?'; then
    echo "is no URL such as postgresql://user:password@host:5432/name?sslmode=verify-full"
  elif ! printf '%s' "$1" | grep -q '[?&]sslmode=verify-full\(&\|$\)'; then
    echo "has no sslmode=verify-full: the database's certificate would not be checked"
  fi
}

# Nothing here would move the data, and processes take another URL only when each is made anew.
refuse_to_move_database() {
  [ -f "$home/.env" ] && [ -n "$(docker ps -q --filter "label=com.docker.compose.project=$project_name" 2>/dev/null)" ] || return 0
  [ "$(database_before)" = "$database" ] || die "--database $database: it is $(database_before), and runs. To move: jarvis-admin backup, down,
configure again, up, restore FILE --replace"
  [ -z "$database_url" ] || [ "$(cat "$home/secrets/database_url")" = "$database_url" ] ||
    die "--database-url-file: is another one than what everything uses: jarvis-admin rotate database --url-file FILE"
}

# The CA that the processes trust for the database: what was given is put beside the private one.
complete_database_url() {
  case $1 in
  *sslrootcert=*) printf '%s\n' "$1" ;;
  *) printf '%s&sslrootcert=%s\n' "$1" \
    "$(if has_database_ca; then echo /run/secrets/ca.crt; else echo /etc/ssl/certs/ca-certificates.crt; fi)" ;;
  esac
}

has_database_ca() { [ -n "$database_ca" ] || [ -s "$home/secrets/tls/database-ca.crt" ]; }

answer_database_url() {
  database_url=
  [ "$database" = managed ] || {
    [ -z "$database_url_file$database_ca" ] || usage "--database bundled: needs no --database-url-file and no --database-ca"
    return 0
  }
  if [ -n "$database_url_file" ]; then
    database_url=$(one_line_of --database-url-file "$database_url_file") || exit 2
  elif [ -s "$home/secrets/database_url" ] && [ "$(database_before)" = managed ]; then
    return 0
  elif may_ask; then
    database_url=$(ask_secret "Its URL, postgresql://user:password@host/name?sslmode=verify-full") || exit 2
  else
    usage "--database managed: give --database-url-file FILE"
  fi
  wrong=$(check_database_url "$database_url")
  [ -z "$wrong" ] || usage "--database-url-file: $wrong"
  database_url=$(complete_database_url "$database_url")
}

answer_model_key() {
  model_key=
  if [ "$model" = none ]; then
    [ -z "$model_key_file" ] || usage "--model-key-file: of which model? Give --model gemini, openai or anthropic"
  elif [ -n "$model_key_file" ]; then
    model_key=$(one_line_of --model-key-file "$model_key_file") || exit 2
  elif [ ! -s "$home/secrets/llm/$model" ]; then
    may_ask || usage "--model $model: give --model-key-file FILE"
    model_key=$(ask_secret "Key of $model") || exit 2
  fi
  [ -z "$model_key" ] || is_like "$model_key" '[A-Za-z0-9_.-]{10,500}' ||
    usage "--model-key-file: is no key of one word, 10 to 500 letters"
}

answer_slack() {
  slack=
  if [ -n "$slack_file" ]; then
    slack=$(one_line_of --slack-file "$slack_file") || exit 2
  elif may_ask && [ ! -e "$home/secrets/alertmanager_slack" ]; then
    slack=$(ask_secret "Slack webhook for alerts, or nothing") || exit 2
  fi
  [ -z "$slack" ] || is_like "$slack" 'https://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9/_-]+' ||
    usage "--slack-file: is no address such as https://hooks.example.com/services/..."
}

check_files() {
  if [ -n "$certificate" ] || [ -n "$certificate_key" ]; then
    if [ -z "$certificate" ] || [ -z "$certificate_key" ]; then usage "--certificate and --certificate-key: give both"; fi
    openssl x509 -in "$certificate" -noout 2>/dev/null || usage "--certificate $certificate: is no certificate in PEM"
    public=$(openssl pkey -in "$certificate_key" -passin pass: -pubout 2>/dev/null) ||
      usage "--certificate-key $certificate_key: is no private key in PEM without a password"
    [ "$public" = "$(openssl x509 -in "$certificate" -noout -pubkey)" ] ||
      usage "--certificate-key $certificate_key: is not the key of $certificate"
  fi
  [ -z "$database_ca" ] || openssl x509 -in "$database_ca" -noout 2>/dev/null ||
    usage "--database-ca $database_ca: is no certificate in PEM"
}

have_image() { # reference option
  image_id "$1" >/dev/null || {
    [ -z "$dry" ] || return 0
    say "pulling $1"
    quietly docker pull -q "$1"
  } || die "$2 $1: is not here and cannot be pulled (is it private? docker login ghcr.io)"
}

# ---- writing -------------------------------------------------------------------------------------

take_given_secrets() {
  if [ -n "$slack" ] || [ ! -e "$home/secrets/alertmanager_slack" ]; then take_secret alertmanager_slack "$slack"; fi
  [ -z "$model_key" ] || take_secret "llm/$model" "$model_key"
  if [ -n "$certificate" ]; then
    take_secret certificate/cert.pem "$(cat "$certificate")"
    take_secret certificate/key.pem "$(cat "$certificate_key")"
  fi
  [ -z "$database_ca" ] || trust_database_ca
  if [ -n "$database_url" ]; then
    take_secret database_url "$database_url"
  elif [ ! -s "$home/secrets/database_url" ] || [ "$(database_before)" != "$database" ]; then
    if [ "$database" = bundled ]; then
      take_secret database_url "$(database_url_of jarvis_a "$(cat "$home/secrets/database_password_a" 2>/dev/null)")"
    fi
  fi
}

# Processes are given one file of authorities.
trust_database_ca() {
  take_secret tls/database-ca.crt "$(cat "$database_ca")"
  [ -z "$dry" ] || return 0
  {
    openssl x509 -in "$home/secrets/tls/ca.crt" && cat "$database_ca"
  } >"$home/secrets/tls/ca.crt.new" && chmod 0444 "$home/secrets/tls/ca.crt.new" &&
    mv "$home/secrets/tls/ca.crt.new" "$home/secrets/tls/ca.crt"
}

profiles_of() {
  profiles=
  [ "$database" = managed ] || profiles=postgres
  [ "$monitoring" = no ] || profiles=${profiles:+$profiles,}monitoring
  [ "$gateways" = 1 ] || profiles=${profiles:+$profiles,}two
  printf '%s\n' "$profiles"
}

sizes_of() { # of the parts that grow; an actor is small everywhere
  case $memory in
  small) set -- 384m 128m 128m 256 ;;
  standard) set -- 1536m 256m 256m 1024 ;;
  large) set -- 4096m 512m 512m 4096 ;;
  esac
  printf 'POSTGRES_MEMORY=%s\nNATS_MEMORY=%s\nGATEWAY_MEMORY=%s\nJARVIS_HTTP_CONNECTIONS=%s\n' "$@"
}

postgres_target() { # what the monitoring looks at; none stays
  [ "$(setting JARVIS_POSTGRES_TARGET)" != none ] || { echo none && return; }
  url=${database_url:-$(cat "$home/secrets/database_url" 2>/dev/null)}
  printf '%s\n' "$url" | sed -n 's,^[^@]*@\([^/:]*\)/.*,\1:5432,p; s,^[^@]*@\([^/:]*:[0-9]*\)/.*,\1,p'
}

own_tls() { [ -n "$certificate" ] || { [ -f "$home/.env" ] && [ "$(setting JARVIS_TLS acme)" = files ]; }; }

env_text() {
  cat <<END
# Of jarvis-admin configure. Lines that it does not know are kept.
COMPOSE_PROJECT_NAME=$project_name
COMPOSE_FILE=$(setting COMPOSE_FILE compose.yml)
COMPOSE_PROFILES=$(profiles_of)
JARVIS_IMAGE=$jarvis_image
TOOLS_IMAGE=$tools_image
JARVIS_DOMAIN=$domain
JARVIS_ACME_EMAIL=$(if [ "$email" != none ]; then echo "$email"; fi)
JARVIS_ACME_SERVER=$acme_server
JARVIS_ACME_CA=$acme_ca
JARVIS_TLS=$(if own_tls; then echo files; else echo acme; fi)
HTTP_LISTEN=$listen_http
HTTPS_LISTEN=$listen_https
JARVIS_NET=$subnet
JARVIS_DATA_INTERNAL=$(if [ "$database" = managed ]; then echo false; else echo true; fi)
JARVIS_POSTGRES_TARGET=$(postgres_target)
JARVIS_GATEWAYS=$gateways
JARVIS_MODEL=$model
JARVIS_MEMORY=$memory
$(sizes_of)
END
}

third_party() { # those of the release, unless .env has another already
  sed -n 's/^\([A-Z_]*_IMAGE\)=.*/\1/p' "$home/versions.env" 2>/dev/null | while read -r name; do
    case $name in
    JARVIS_IMAGE | TOOLS_IMAGE) ;;
    *) printf '%s=%s\n' "$name" "$(setting "$name" "$(release_setting "$name")")" ;;
    esac
  done
}

with_the_owners_lines() { # text: and what .env has besides
  printf '%s\n' "$1"
  [ -f "$home/.env" ] || return 0
  grep -v '^\(#.*\| *\)$' "$home/.env" | while IFS= read -r line; do
    case "
$1" in
    *"
${line%%=*}="*) ;;
    *) printf '%s\n' "$line" ;;
    esac
  done
}

model_setting() {
  case $model in
  gemini) echo 'GEMINI_API_KEY=@/run/secrets/llm/gemini' ;;
  openai) echo 'OPENAI_API_KEY=@/run/secrets/llm/openai' ;;
  anthropic) echo 'ANTHROPIC_API_KEY=@/run/secrets/llm/anthropic' ;;
  esac
}

jarvis_env_text() {
  port=${listen_https##*:}
  [ "$port" = 443 ] && port='' || port=:$port
  cat <<END
# Of jarvis-admin configure: settings of every process of Jarvis. Own settings go below the line; they are kept.
JARVIS_PUBLIC_URL=https://$domain$port
JARVIS_PLANNER=$(sed -n '/^# ----/q; s/^JARVIS_PLANNER=//p' "$home/jarvis.env" 2>/dev/null | grep . || echo auto)
$(model_setting)
# ---- your own settings -----------------------------------------------------------------------------
END
  sed '1,/^# ----/d' "$home/jarvis.env" 2>/dev/null || :
}

write_settings() {
  env_is=$(env_text)
  env_is=$(with_the_owners_lines "$env_is
$(third_party)")
  env_is=$(printf '%s\n' "$env_is" | grep .)
  jarvis_env_is=$(jarvis_env_text)
  put "$home/nginx/site.conf" 0644 <<END || :
server_name $domain;
END
  put "$home/jarvis.env" 0644 <<END || :
$jarvis_env_is
END
  put "$home/.env" 0600 <<END || :
$env_is
END
  [ -n "$dry" ] || [ ! -f "$home/versions.env" ] || cp "$home/versions.env" "$home/state/versions.env"
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # shared with the other parts
# prepare.sh -- of jarvis-admin: a bare Ubuntu 22.04/24.04 or Debian 12 becomes a host for Jarvis. Each step looks first
# and says done, unchanged or skipped; what an owner has set up already is left as it is.

help_prepare() {
  cat <<'END'
jarvis-admin prepare [options]      Ubuntu 22.04, 24.04 or Debian 12; root; may be repeated

  --deploy-key FILE|-   public ssh key of the user deploy (CI): may only deploy, rollback, status, verify
  --admin NAME          a person's user with sudo, made when it is not there, so that root's ssh login can be closed
  --admin-key FILE      its public key; default: those that root has
  --swap SIZE_MIB       size of the swap file where there is none and memory is below 4 GiB (default 2048; 0: none)
  --no-firewall         leave ufw alone (the provider's firewall does it)

It installs Docker (the distribution's; an installed docker-ce stays), sets up ufw (in: ssh, 80, 443; also for ports
that Docker publishes), fail2ban, unattended-upgrades, users, sshd without passwords and without root (only where
somebody else can get in with a key and sudo), kernel settings, swap and time.
END
}

cmd_prepare() {
  deploy_key='' admin_user='' admin_key='' swap_size=2048 with_firewall=yes
  while [ $# -gt 0 ]; do
    case $1 in
    --deploy-key) value_of "$1" $# && deploy_key=$2 && shift ;;
    --admin) value_of "$1" $# && admin_user=$2 && shift ;;
    --admin-key) value_of "$1" $# && admin_key=$2 && shift ;;
    --swap) value_of "$1" $# && swap_size=$2 && shift ;;
    --no-firewall) with_firewall= ;;
    --dry-run) ;;
    *) usage "prepare: $1 is no option of it; see jarvis-admin prepare --help" ;;
    esac
    shift
  done
  check_prepare
  lock /run/lock/jarvis-admin.lock
  prepare_packages
  prepare_time
  prepare_updates
  prepare_fail2ban
  prepare_deploy_user
  prepare_admin_user
  prepare_sshd
  if [ -n "$with_firewall" ]; then prepare_firewall; else skipped "firewall: --no-firewall"; fi
  prepare_kernel
  prepare_swap
}

check_prepare() {
  must_be_root
  case $swap_size in
  '' | *[!0-9]* | ??????*) usage "--swap $swap_size: a number of MiB, at most 99999" ;;
  esac
  case $admin_user in
  '') [ -z "$admin_key" ] || usage "--admin-key: whose? Give --admin NAME" ;;
  [!a-z_]* | *[!a-z0-9_-]* | root | deploy) usage "--admin $admin_user: small letters, digits, - and _; not root or deploy" ;;
  esac
  deploy_keys='' admin_keys=''
  [ -z "$deploy_key" ] || deploy_keys=$(read_key --deploy-key "$deploy_key") || exit 2
  [ -z "$admin_key" ] || admin_keys=$(read_key --admin-key "$admin_key") || exit 2
  know_system
}

know_system() {
  # shellcheck source=/dev/null
  system=$(. /etc/os-release && echo "$ID $VERSION_ID")
  case $system in
  'debian 12') docker_packages='docker.io docker-compose apparmor' ;;
  'ubuntu 22.04' | 'ubuntu 24.04') docker_packages='docker.io docker-compose-v2' ;;
  *) die "this is $system; Debian 12, Ubuntu 22.04 or Ubuntu 24.04 is needed" ;;
  esac
}

systemd_runs() { [ -d /run/systemd/system ]; }

service_now() { # verb service: where there is something to tell it to
  if systemd_runs; then change "$1 $2" systemctl "$1" "$2"; fi
}

# A public key in one line, as ssh-keygen understands it. No options before it: those are ours.
read_key() { # option file
  if [ "$2" = - ]; then line=$(head -c 16384); else line=$(head -c 16384 "$2") || exit 1; fi
  line=$(printf '%s\n' "$line" | grep -v '^ *\(#\|$\)' || :)
  case $line in
  '') usage "$1 $2: there is no key in it" ;;
  *'PRIVATE KEY'*) usage "$1 $2: that is the private key; the one of .pub is wanted" ;;
  *'
'*) usage "$1 $2: more than one line; one public key is wanted" ;;
  ssh-ed25519\ * | ssh-rsa\ * | ecdsa-sha2-* | sk-ssh-* | sk-ecdsa-*) ;;
  *) usage "$1 $2: does not begin with the type of a public key, as ssh-ed25519" ;;
  esac
  if command -v ssh-keygen >/dev/null 2>&1; then
    printf '%s\n' "$line" | ssh-keygen -l -f - >/dev/null 2>&1 || usage "$1 $2: is no public key that ssh-keygen reads"
  fi
  printf '%s\n' "$line"
}

# ---- packages ------------------------------------------------------------------------------------

has_package() { # name
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_docker() {
  command -v docker >/dev/null 2>&1 && { docker compose version >/dev/null 2>&1 ||
    command -v docker-compose >/dev/null 2>&1; }
}

wanted_packages() {
  echo ca-certificates curl openssl age sudo procps iproute2 ufw fail2ban python3-systemd unattended-upgrades
  has_docker || echo "$docker_packages"
  has_clock || echo systemd-timesyncd
}

apt() {
  env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"
}

apt_update_or_not() { # an old list may still do
  apt update || echo 'the list of packages could not be renewed; the old one has to do'
}

prepare_packages() {
  prepare_docker_settings # before Docker: it starts with them
  missing=
  for package in $(wanted_packages); do
    has_package "$package" || missing="$missing $package"
  done
  if [ -z "$missing" ]; then
    unchanged "packages"
  else
    change "list of packages" apt_update_or_not
    # shellcheck disable=SC2086 # a list of words
    change "packages$missing" apt install --no-install-recommends $missing
  fi
  if has_docker; then service_now_unless is-enabled enable docker; fi
}

service_now_unless() { # question verb service
  ! systemd_runs || systemctl -q "$1" "$3" 2>/dev/null || change "$2 $3" systemctl "$2" --now "$3"
}

# The logs of containers are bounded by compose.yml; this is for whatever else runs. live-restore: containers go on while
# the engine is renewed by unattended-upgrades.
prepare_docker_settings() {
  file=/etc/docker/daemon.json
  if [ -s $file ]; then
    unchanged "$file"
    for word in live-restore max-size; do
      grep -q "\"$word\"" $file || skipped "$file does not set $word; worth having"
    done
    return 0
  fi
  if put $file 0644 <<'END'; then
{
  "log-driver": "json-file",
  "log-opts": { "max-size": "10m", "max-file": "5" },
  "live-restore": true
}
END
    if has_docker; then service_now restart docker; fi
  fi
}

# ---- time, updates, fail2ban ---------------------------------------------------------------------

has_clock() { has_package systemd-timesyncd || has_package chrony || has_package ntpsec; }

prepare_time() {
  if ! has_clock && [ -z "$dry" ]; then die "time: no synchronisation was installed"; fi
  if ! systemd_runs; then
    skipped "time: systemd does not run here"
  elif [ "$(timedatectl show -p NTP --value)" = yes ]; then
    unchanged "time is kept by NTP"
  else
    change "time is kept by NTP" timedatectl set-ntp true
  fi
}

prepare_updates() {
  put /etc/apt/apt.conf.d/20auto-upgrades 0644 <<'END' || :
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
END
  service_now_unless is-enabled enable unattended-upgrades
}

# The journal is read, as Debian 12 has no /var/log/auth.log.
prepare_fail2ban() {
  ports=$(ssh_ports | tr '\n' ',')
  if put /etc/fail2ban/jail.d/jarvis.local 0644 <<END; then
# of jarvis-admin prepare
[sshd]
enabled = true
backend = systemd
port = ${ports%,}
maxretry = 5
findtime = 10m
bantime = 1h
END
    service_now restart fail2ban
  fi
  service_now_unless is-enabled enable fail2ban
}

# ---- people --------------------------------------------------------------------------------------

make_user() { # name comment: it has no password; '*' and not '!', which sshd takes for a closed account
  useradd -m -s /bin/sh -c "$2" "$1" && usermod -p '*' "$1"
}

home_of() { getent passwd "$1" | cut -d: -f6; }

add_key() { # user line
  folder=$(home_of "$1")/.ssh
  { [ -d "$folder" ] || install -d -m 0700 -o "$1" -g "$1" "$folder"; } &&
    printf '%s\n' "$2" >>"$folder/authorized_keys" &&
    chown "$1:$1" "$folder/authorized_keys" && chmod 0600 "$folder/authorized_keys"
}

has_key() { # user line
  grep -qsxF "$2" "$(home_of "$1")/.ssh/authorized_keys"
}

is_user() { getent passwd "$1" >/dev/null; }

prepare_deploy_user() {
  if [ -z "$deploy_keys" ] && ! is_user deploy; then
    skipped "user deploy: give --deploy-key FILE when CI shall deploy"
    return 0
  fi
  if is_user deploy; then unchanged "user deploy"; else change "user deploy" make_user deploy "deploys Jarvis"; fi
  if [ -n "$deploy_keys" ]; then
    # No terminal, no forwarding: a command, and that by sudo.
    if has_key deploy "restrict $deploy_keys"; then unchanged "key of deploy"; else
      change "key of deploy" add_key deploy "restrict $deploy_keys"
    fi
  fi
  put_sudoers jarvis-deploy <<'END'
# of jarvis-admin prepare: the arguments are checked by the script
Cmnd_Alias JARVIS_DEPLOY = /usr/local/sbin/jarvis-admin deploy *, /usr/local/sbin/jarvis-admin rollback, \
  /usr/local/sbin/jarvis-admin status, /usr/local/sbin/jarvis-admin verify
Defaults:deploy !requiretty, env_reset
deploy ALL=(root) NOPASSWD: JARVIS_DEPLOY
END
}

put_sudoers() { # name, rules on standard input: a wrong one would close sudo for all
  rules=$(cat)
  if [ -z "$dry" ]; then
    printf '%s\n' "$rules" | visudo -cf - >/dev/null || die "/etc/sudoers.d/$1: visudo does not take it"
  fi
  put "/etc/sudoers.d/$1" 0440 <<END || :
$rules
END
}

prepare_admin_user() {
  [ -n "$admin_user" ] || return 0
  [ -n "$admin_keys" ] || admin_keys=$(grep -sv '^ *\(#\|$\)' "$(home_of root)/.ssh/authorized_keys" || :)
  [ -n "$admin_keys" ] || usage "--admin $admin_user: root has no keys to give it; give --admin-key FILE"
  if is_user "$admin_user"; then unchanged "user $admin_user"; else
    change "user $admin_user" make_user "$admin_user" "administers Jarvis"
  fi
  if id -nG "$admin_user" 2>/dev/null | grep -qw sudo; then unchanged "$admin_user may use sudo"; else
    change "$admin_user may use sudo" usermod -aG sudo "$admin_user"
  fi
  add_admin_keys
  # It has no password to type.
  printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$admin_user" | put_sudoers "jarvis-$admin_user"
}

add_admin_keys() {
  new=
  while IFS= read -r line; do
    has_key "$admin_user" "$line" || { new=yes && change "a key of $admin_user" add_key "$admin_user" "$line"; }
  done <<END
$admin_keys
END
  [ -n "$new" ] || unchanged "keys of $admin_user"
}

# ---- ssh -----------------------------------------------------------------------------------------

# Where sshd really listens: its settings, the sockets, and the connection that this comes by.
ssh_ports() {
  {
    [ -n "$dry" ] || mkdir -p /run/sshd 2>/dev/null || :
    sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }' || :
    ss -Hltnp 2>/dev/null | awk '/"sshd"/ { n = split($4, a, ":"); print a[n] }' || :
    printf '%s\n' "${SSH_CONNECTION:-}" | awk 'NF == 4 { print $4 }'
  } | sort -un | grep . || echo 22
}

somebody_else_gets_in() { # by ssh with a key, and may become root
  for user in $(getent group sudo admin wheel | cut -d: -f4 | tr ',' ' '); do
    [ "$user" = root ] || [ ! -s "$(home_of "$user")/.ssh/authorized_keys" ] || return 0
  done
  [ -n "$dry" ] && [ -n "$admin_user" ]
}

prepare_sshd() {
  if ! command -v sshd >/dev/null 2>&1; then
    skipped "sshd: is not installed"
    return 0
  fi
  if ! somebody_else_gets_in; then
    skipped "sshd: root and passwords stay, as nobody else could get in with a key and sudo; give --admin NAME"
    return 0
  fi
  # Before 50-cloud-init.conf: of two, sshd takes the first.
  drop_in=/etc/ssh/sshd_config.d/10-jarvis.conf
  [ -n "$dry" ] || sshd -t 2>>"$(log_file)" || die "sshd: its configuration is wrong already (sshd -t says what)"
  if put $drop_in 0644 <<'END'; then
# of jarvis-admin prepare
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxAuthTries 4
X11Forwarding no
END
    if ! sshd -t || ! sshd -T | grep -qx 'permitrootlogin no'; then
      rm -f $drop_in
      die "$drop_in: is not taken; does /etc/ssh/sshd_config include sshd_config.d? Nothing was changed"
    fi
    service_now try-reload-or-restart ssh
  fi
}

# ---- firewall ------------------------------------------------------------------------------------

prepare_firewall() {
  put_rules /etc/ufw/after.rules
  put_rules /etc/ufw/after6.rules
  firewall_default incoming deny INPUT
  firewall_default outgoing allow OUTPUT
  for port in $(ssh_ports) 80 443; do
    if ufw show added 2>/dev/null | grep -qx "ufw allow $port/tcp"; then unchanged "firewall: $port/tcp"; else
      change "firewall: $port/tcp" ufw allow "$port/tcp"
    fi
  done
  if ufw status 2>/dev/null | grep -q '^Status: active'; then
    if [ -n "${rules_are_new:-}" ]; then change "firewall rules" ufw reload; else unchanged "firewall is on"; fi
  else
    change "firewall is on" ufw --force enable
  fi
}

firewall_default() { # direction policy chain
  case $2 in
  deny) word=DROP ;;
  allow) word=ACCEPT ;;
  esac
  if grep -qsx "DEFAULT_$3_POLICY=\"$word\"" /etc/default/ufw; then unchanged "firewall: $1 $2"; else
    change "firewall: $1 $2" ufw default "$2" "$1"
  fi
}

# Docker's published ports are forwarded, past ufw's own rules; DOCKER-USER is asked first. Only what was sent to 80 and
# 443 may come in to containers from outside. ufw loads these with --noflush, where naming a chain empties that chain
# alone; so they may be loaded again and again.
docker_rules() {
  cat <<'END'
# BEGIN jarvis-admin: what Docker publishes obeys the firewall
*filter
:DOCKER-USER - [0:0]
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -i docker0 -j RETURN
-A DOCKER-USER -i br-+ -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 443 --ctdir ORIGINAL -j RETURN
-A DOCKER-USER -o docker0 -j DROP
-A DOCKER-USER -o br-+ -j DROP
-A DOCKER-USER -j RETURN
COMMIT
# END jarvis-admin
END
}

put_rules() { # file: ours stand between marks, the rest of it is the owner's
  if [ ! -f "$1" ]; then
    [ -n "$dry" ] || die "$1: is not there; is ufw installed?"
    say "would     write $1"
    return 0
  fi
  rules=$(sed '/^# BEGIN jarvis-admin/,/^# END jarvis-admin/d' "$1" && docker_rules)
  if put "$1" 0640 <<END; then
$rules
END
    rules_are_new=yes
  fi
}

# ---- kernel, swap --------------------------------------------------------------------------------

prepare_kernel() {
  if put /etc/sysctl.d/60-jarvis.conf 0644 <<'END'; then
# of jarvis-admin prepare
# Connections that wait to be accepted, at nginx and the gateways.
net.core.somaxconn = 4096
net.ipv4.tcp_max_syn_backlog = 4096
net.ipv4.tcp_syncookies = 1
# Memory is for the database's files; processes are swapped out late.
vm.swappiness = 10
# Only root sees what the kernel says, and where it is.
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
END
    apply_kernel
  fi
}

apply_kernel() { # in a container the kernel is not ours
  if sysctl -q -p /etc/sysctl.d/60-jarvis.conf >>"$(log_file)" 2>&1; then say "done      kernel settings"; else
    skipped "kernel settings: not all can be set now; they are at the next boot"
  fi
}

prepare_swap() {
  memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
    unchanged "swap"
  elif [ "$memory" -ge 4000 ]; then
    skipped "swap: $memory MiB of memory do without"
  elif [ "$swap_size" = 0 ]; then
    skipped "swap: --swap 0"
  elif [ -e /swapfile ]; then
    skipped "swap: /swapfile is there and not in use; see swapon /swapfile"
  else
    change "swap of $swap_size MiB in /swapfile" make_swap
  fi
}

make_swap() {
  # Not a sparse file: swapon refuses those.
  if ! (umask 077 && dd if=/dev/zero of=/swapfile bs=1M count="$swap_size") || ! mkswap /swapfile || ! swapon /swapfile; then
    rm -f /swapfile
    return 1
  fi
  grep -q '^/swapfile ' /etc/fstab || echo '/swapfile none swap sw 0 0' >>/etc/fstab
}

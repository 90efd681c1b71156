# service.awk -- postgresql://user:password@host:port/database?key=value&... as libpq's service file.
# Exit code 1 when it is none. Addresses may be several, with commas; [::1] is one.

function decoded(s,    out, i, c, hex) {
  out = ""
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == "%") {
      hex = tolower(substr(s, i + 1, 2))
      if (hex !~ /^[0-9a-f][0-9a-f]$/ || hex == "00" || hex == "0a")
        bad = 1
      c = sprintf("%c", 16 * (index("0123456789abcdef", substr(hex, 1, 1)) - 1) + index("0123456789abcdef", substr(hex, 2, 1)) - 1)
      i += 2
    }
    out = out c
  }
  return out
}

function put(key, value) {
  value = decoded(value)
  if (key !~ /^[a-z_]+$/)
    bad = 1
  if (value != "")
    lines = lines key "=" value "\n"
}

function addresses(list,    n, i, part, hosts, ports) {
  n = split(list, part, ",")
  for (i = 1; i <= n; i++) {
    port = ""
    if (match(part[i], /:[0-9]*$/) && part[i] !~ /^\[[^\]]*$/ && part[i] !~ /^\[.*\]$/) {
      port = substr(part[i], RSTART + 1)
      part[i] = substr(part[i], 1, RSTART - 1)
    }
    gsub(/^\[|\]$/, "", part[i])
    hosts = hosts (i > 1 ? "," : "") part[i]
    ports = ports (i > 1 ? "," : "") port
  }
  put("host", hosts)
  if (ports ~ /[0-9]/)
    put("port", ports)
}

NR == 1 {
  rest = $0
  if (!sub(/^postgres(ql)?:\/\//, "", rest))
    bad = 1
  if (i = index(rest, "?")) {
    query = substr(rest, i + 1)
    rest = substr(rest, 1, i - 1)
  }
  if (i = index(rest, "/")) {
    database = substr(rest, i + 1)
    rest = substr(rest, 1, i - 1)
  }
  if (match(rest, /.*@/)) {
    who = substr(rest, 1, RLENGTH - 1)
    rest = substr(rest, RLENGTH + 1)
  }
  if (i = index(who, ":")) {
    put("password", substr(who, i + 1))
    who = substr(who, 1, i - 1)
  }
  put("user", who)
  put("dbname", database)
  if (rest != "")
    addresses(rest)
  n = split(query, pair, "&")
  for (i = 1; i <= n; i++) {
    if (!(at = index(pair[i], "=")))
      bad = 1
    put(substr(pair[i], 1, at - 1), substr(pair[i], at + 1))
  }
}

END {
  if (NR != 1 || bad)
    exit 1
  printf "[jarvis]\n%s", lines
}

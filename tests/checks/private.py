"""private.py -- nothing of the machine that it was made on: host names, home folders, secrets."""
import re

from tree import Report, is_binary, paths, text

# Hosts that may be named: none with a dot but these, addresses, and names that belong to nobody.
PUBLIC = re.compile(
    r"[^.]*|[\d.]+|(.*\.)?(example|test|invalid|localhost)|(.*\.)?example\.(com|org|net)"
    r"|a2a-protocol\.org|www\.w3\.org|w3\.org|json-schema\.org|type\.googleapis\.com"
    r"|generativelanguage\.googleapis\.com|api\.(openai|anthropic)\.com|www\.rfc-editor\.org|.*github\.com"
    r"|token\.actions\.githubusercontent\.com|(.*\.)?letsencrypt\.org|age-encryption\.org"
    r"|(.*\.)?nats\.io|(.*\.)?postgresql\.org|(.*\.)?debian\.org|(.*\.)?ubuntu\.com")
HOST = re.compile(r"\b(?:https?|nats|ftp|git|ssh|postgres(?:ql)?)://(?:[^\s/\"'@<>]*@)?([A-Za-z0-9._-]+)")
RULES = [
    (re.compile(r"(?<![\w.])/(?:root|home/[a-z]\w*|Users/\w+|work)/"), "a folder of one machine"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}"), "a private key"),
    (re.compile(r"\b(?:AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ghp_[0-9A-Za-z]{36}"
                r"|sk-[A-Za-z0-9]{32,})\b"), "a key to somebody's service"),
]

report = Report("private")
files = [p for p in paths() if p not in ("tests/checks/private.py", "tests/checks/selftest.py")
         and not p.startswith("tests/fuzz/corpus/") and not is_binary(p)]
for file in files:
    content = text(file)
    for i, line in enumerate(content.split("\n"), 1):
        for host in HOST.findall(line):
            if not PUBLIC.fullmatch(host.rstrip(".")):
                report.add(f"{file}:{i}", f"names the host {host}")
        for rule, what in RULES:
            if rule.search(line):
                report.add(f"{file}:{i}", f"holds {what}")
report.done(len(files))

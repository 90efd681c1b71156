"""layers.py -- who may include whom, one place per foreign library, and what actors may not call."""
import os
import re

from tree import ROOT, Report, code_only, paths, text

# A folder may include jv/*.h, itself, and these. Generated messages (*.pb-c.h) from wire up.
LAYERS = {
    "runtime/include": [],
    "runtime/base": [],
    "runtime/sched": ["base"],
    "runtime/wire": ["base"],
    "runtime/io": ["base", "sched", "wire"],
    "runtime/plan": ["base", "wire"],
    "runtime/actor": ["base", "sched", "wire", "io", "plan"],
    "runtime/agent": ["base", "sched", "wire", "io", "plan", "actor"],
    "runtime/host": ["base", "sched", "wire", "io", "plan", "actor"],
}
NO_MESSAGES = ("runtime/include", "runtime/base", "runtime/sched")

# The gateway is a process of its own: it logs and reads settings, and verifies tokens and records
# refusals as actors do.
GATEWAY = {"base/log.h", "base/settings.h", "actor/identity.h", "actor/record.h"}
MAIN = {"actors/actors.def", "gateway/gateway.h"}

# A foreign library is known to these files only.
FOREIGN = [
    (r"nats/|nats\.h", r"runtime/io/bus_nats\w*\.[ch]"),
    (r"libpq|postgres|pg_config", r"runtime/io/pg\w*\.[ch]"),
    (r"curl/", r"runtime/io/http\w*\.[ch]"),
    (r"jwt\.h|openssl/", r"runtime/io/jwt\w*\.[ch]|runtime/io/bus_nats_conn\.c"),
    (r"jansson", r"runtime/wire/src_json\.c|runtime/io/jwt\w*\.[ch]"),
    (r"civetweb", r"gateway/\w+\.[ch]"),
    (r"sodium", r"runtime/(base|io)/\w+\.[ch]|runtime/host/nats_auth\.c"),
    (r"pthread|threads\.h", r"runtime/.*|gateway/.*"),
]

# Handlers are straight-line code on memory of the message: the runtime has what these are for.
BANNED = (
    "malloc calloc realloc free strdup strndup asprintf vasprintf printf fprintf vprintf puts "
    "putchar perror sprintf vsprintf strcpy strcat strncpy atoi atol atoll atof strtok strtok_r "
    "getenv setenv time gettimeofday clock_gettime sleep usleep nanosleep exit _exit abort system "
    "popen fork execv execvp open fopen read write socket connect rand srand random signal "
    "setjmp longjmp alloca gets gmtime localtime"
).split()
BANNED_RE = re.compile(r"(?<![\w.>])(%s|pthread_\w+)\s*\(" % "|".join(BANNED))
# Nowhere in C of ours.
UNSAFE_RE = re.compile(r"(?<![\w.>])(sprintf|vsprintf|strcpy|strcat|atoi|atol|strtok|gets)\s*\(")

INCLUDE_RE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)

report = Report("layers")


def folder_of(path):
    for name in LAYERS:
        if path.startswith(name + "/"):
            return name
    return path.split("/")[0]


def is_own(path, name):
    """A header of the same folder, named bare or from the folder above."""
    here = os.path.dirname(path)
    return os.path.exists(os.path.join(ROOT, here, name))


def allowed(path, name):
    """May the file include the house's header `name`?"""
    folder = folder_of(path)
    if name.startswith("jv/"):
        return True
    if name.endswith(".pb-c.h"):
        return folder not in NO_MESSAGES
    if folder in LAYERS:
        first = name.split("/")[0]
        return "/" in name and (first == folder.split("/")[1] or first in LAYERS[folder])
    if path == "actors/main.c":
        return name in MAIN
    if folder == "gateway":
        return name in GATEWAY or is_own(path, name)
    return is_own(path, name) and "/" not in name  # actors/X, tests/agents/X


def check_includes(path, source):
    for quote, name in INCLUDE_RE.findall(source):
        if quote == '"' and not allowed(path, name):
            report.add(path, f'may not include "{name}"')
        for pattern, where in FOREIGN:
            if re.match(pattern, name) and not re.fullmatch(where, path):
                report.add(path, f"<{name}> is known to {where} only")


def check_calls(path, source):
    strict = path.startswith(("actors/", "tests/agents/")) and path != "actors/main.c"
    for i, line in enumerate(code_only(source).split("\n"), 1):
        m = (BANNED_RE if strict else UNSAFE_RE).search(line)
        if m and not line.startswith("#"):
            report.add(f"{path}:{i}", f"{m.group(1)}() is not to be called here")


files = paths("runtime/*.[ch]", "actors/*.[ch]", "gateway/*.[ch]", "tests/agents/*.[ch]")
for file in files:
    content = text(file)
    check_includes(file, content)
    check_calls(file, content)
report.done(len(files))

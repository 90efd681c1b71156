"""selftest.py compiler -- the checks find what they are for: a small tree with one fault of each kind,
and the same tree without."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = sys.argv[1]

GOOD = {
    "actors/actors.def": "X(tickets)\nX(auth)\n",
    "actors/main.c": '#include "jv/host.h"\n#include "actors/actors.def"\n',
    "actors/tickets/tickets.h": "int shared(void);\n",
    "actors/tickets/tickets.c": '/* malloc(1) */\n#include "jv/actor.h"\n#include "tickets.h"\n'
                                '#include "tickets.pb-c.h"\nint tickets_actor;\n',
    "actors/tickets/migrations/001_init.sql": "create table ticket (id int); -- from auth.x\n"
                                              "insert into ticket select 'from auth.people';\n",
    "runtime/include/jv/actor.h": "struct jv_actor;\n",
    "runtime/sched/loop.c": '#include "base/log.h"\n#include "sched/loop.h"\n#include <pthread.h>\n',
    "gateway/gw.c": '#include "jv/wire.h"\n#include "base/log.h"\n#include <civetweb.h>\n'
                    "int f(void)\n{\n    return 0;\n}\n",
    "jarvis": "#!/bin/sh\necho hello\n",
    "tests/checks/long_functions.txt": "",
    "README.md": "see http://127.0.0.1:8080 and https://agent.example/card\n",
}

# check, file, what it holds instead, what is said about it
FAULTS = [
    ("layers", "actors/tickets/tickets.c", '#include "base/log.h"\n', 'may not include "base/log.h"'),
    ("layers", "actors/tickets/tickets.c", '#include "../auth/auth.h"\n', "may not include"),
    ("layers", "actors/tickets/tickets.c", "#include <pthread.h>\n", "is known to"),
    ("layers", "actors/tickets/tickets.c", "void f(void)\n{\n    free(p);\n}\n", "free()"),
    ("layers", "actors/tickets/tickets.c", "int t = time(NULL);\n", "time()"),
    ("layers", "actors/tickets/tickets.c", "int t = pthread_self ();\n", "pthread_self()"),
    ("layers", "actors/main.c", '#include "actor/engine.h"\n', "may not include"),
    ("layers", "runtime/sched/loop.c", '#include "wire/type.h"\n', "may not include"),
    ("layers", "runtime/sched/loop.c", '#include "a2a.pb-c.h"\n', "may not include"),
    ("layers", "runtime/sched/loop.c", "#include <nats/nats.h>\n", "is known to"),
    ("layers", "runtime/sched/loop.c", "#include <libpq-fe.h>\n", "is known to"),
    ("layers", "gateway/gw.c", '#include "actor/engine.h"\n', "may not include"),
    ("layers", "gateway/gw.c", "#include <jansson.h>\n", "is known to"),
    ("layers", "gateway/gw.c", "void f(char *b)\n{\n    strcpy(b, b);\n}\n", "strcpy()"),
    ("lengths", "gateway/gw.c", "int f(void)\n{\n" + "    ;\n" * 59 + "}\n", "f: 61 lines"),
    ("lengths", "gateway/gw.c", "int x;\n" * 701, "701 lines"),
    ("lengths", "tests/checks/long_functions.txt", "gateway/gw.c:f a table\n", "needs no excuse"),
    ("migrations", "actors/tickets/migrations/001_init.sql",
     "select 1\nfrom auth.people;\n", "touches auth"),
    ("migrations", "actors/tickets/migrations/001_init.sql",
     "alter table x add foreign key (a) references auth.people(b);\n", "touches auth"),
    ("migrations", "actors/tickets/migrations/001_init.sql", "create schema x;\n", "are the runtime's"),
    ("migrations", "actors/tickets/migrations/003_late.sql", "select 1;\n", "numbers are [1, 3]"),
    ("migrations", "actors/tickets/migrations/2.sql", "select 1;\n", "is not called"),
    ("migrations", "actors/other/migrations/001_a.sql", "select 1;\n", "not in actors.def"),
    ("private", "README.md", "see https://packages.corp.internal/x\n", "names the host"),
    ("private", "README.md", "cd /home/" + "somebody/x\n", "holds a folder"),
    ("private", "README.md", "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n", None),
    ("private", "README.md", "-----BEGIN PRIVATE " + "KEY----- MIGHAgEAMBMGByqGSM49AgEG\n",
     "holds a private key"),
    ("scripts", "jarvis", "#!/bin/sh\necho $1\n", "SC2086"),
    ("format", "gateway/gw.c", "int   f;\n", "is not as clang-format has it"),
    ("headers", "actors/tickets/tickets.h", "struct a { size_t n; };\n", "size_t"),
    ("headers", "runtime/include/jv/actor.h", '#include "base/log.h"\n', "base/log.h"),
    ("symbols", "actors/tickets/tickets.c", "int tickets_actor, leaked;\n", "leaked"),
    ("symbols", "actors/tickets/tickets.c", "static int tickets_actor;\n", "lets out nothing"),
]


def write(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(content)


def arguments(root, check):
    if check == "headers":
        return [COMPILER, root]
    if check != "symbols":
        return []
    source = os.path.join(root, "actors/tickets/tickets.c")
    with open(source, encoding="utf-8") as f:
        code = "".join(line for line in f if not line.startswith("#include"))
    write(root, "build/t.c", code)
    subprocess.run([COMPILER, "-c", "-o", root + "/build/t.o", root + "/build/t.c"], check=True,
                   stderr=subprocess.DEVNULL)
    write(root, "build/objects.txt", f"tickets {root}/build/t.o\n")
    return [root + "/build/objects.txt"]


def run(root, check):
    env = dict(os.environ, JV_CHECK_ROOT=root)
    return subprocess.run([sys.executable, "-B", f"{HERE}/{check}.py", *arguments(root, check)],
                          env=env, capture_output=True, text=True)


def with_tree(check, fault):
    """The check's result on the good tree, or with one file replaced."""
    root = tempfile.mkdtemp(prefix="jarvis-check.")
    try:
        for name, content in GOOD.items():
            write(root, name, content)
        shutil.copy(os.path.join(HERE, "../../.clang-format"), root)
        if fault:
            write(root, *fault)
        return run(root, check)
    finally:
        shutil.rmtree(root)


wrong = []
for check in sorted({f[0] for f in FAULTS}):
    result = with_tree(check, None)
    if result.returncode:
        wrong.append(f"{check} complains about nothing: {result.stdout}{result.stderr}")
for check, name, content, said in FAULTS:
    result = with_tree(check, (name, content))
    if said is None and result.returncode or said and (not result.returncode
                                                       or said not in result.stdout):
        wrong.append(f"{check} on {name}: wanted {said!r}, had {result.stdout}{result.stderr}")
for line in wrong:
    print("#", line)
print("not ok" if wrong else "ok", 1, "- checks find", len(FAULTS), "faults")
print("1..1")
sys.exit(1 if wrong else 0)

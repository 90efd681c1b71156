"""lengths.py -- the longest functions are printed; over 60 lines only those that are flat tables
(long_functions.txt, each with its reason); files end at 700 lines."""
import re
import statistics

from tree import Report, paths, text

FUNCTION, FILE = 60, 700

report = Report("lengths")
excused = {}
for line in text("tests/checks/long_functions.txt").splitlines():
    if line and not line.startswith("#"):
        key, _, reason = line.partition(" ")
        excused[key] = reason


def name_of(head):
    """From "static int *find(const char *s" or "JV_TOOL_FN(find, Req, Ret)"."""
    m = re.match(r"(?:JV_TOOL_FN|TEST)\((\w+)", head) or re.search(r"(\w+)\s*\(", head)
    return m.group(1) if m else "?"


def functions(path):
    """(lines, name): Linux braces put a function's first and last brace into column 0."""
    head, start = "", None
    for i, line in enumerate(text(path).splitlines()):
        if line == "{":
            start = i
        elif line == "}" and start is not None:
            yield i - start + 1, name_of(head)
            start = None
        elif start is None and line[:1].isalpha() and "(" in line:
            head = line


found = []
files = paths("*.c", "*.h", "*.py", "*.js", "*.sh", "*.css", "*.proto", "*.sql", "jarvis")
for file in files:
    n = len(text(file).splitlines())
    if n > FILE:
        report.add(file, f"{n} lines, more than {FILE}: split it by responsibility")
    if file.endswith((".c", ".h")):
        found += [(lines, f"{file}:{name}") for lines, name in functions(file)]

found.sort(reverse=True)
print("# longest functions:")
for lines, name in found[:10]:
    print(f"#   {lines:4} {name}")
for lines, name in found:
    if lines > FUNCTION and name not in excused:
        report.add(name, f"{lines} lines, more than {FUNCTION}")
for name in excused:
    if not any(n == name and lines > FUNCTION for lines, n in found):
        report.add("tests/checks/long_functions.txt", f"{name} needs no excuse any more")
ours = [lines for lines, name in found if not name.startswith("tests/")] or [0]
median = statistics.median(ours)
print(f"# {len(ours)} functions, median {median:g} lines")
if median > 15:
    report.add("median", f"{median:g} lines, more than 15")
report.done(len(files))

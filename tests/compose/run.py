"""run.py -- everything that is claimed of compose/, on a real engine with real images: ./jarvis test compose [NAME...]

Prints a line per test, the table of the figures that a production system is judged by, and last how many passed and
failed. NAME: only modules or tests with that in their name. Tests that take `system` share one server; the others
bring what they need.
"""
import importlib
import inspect
import os
import sys
import time
import traceback

import engine
import figures
from system import System

ALONE = ("test_nginx", "test_acme", "test_postgres", "test_backup", "test_monitoring", "test_admin")
SHARED = ("test_stack", "test_deploy", "test_figures", "test_data")
OWN = ("test_scale", "test_managed")
# On small stand-ins what the whole stack shows, too, and long: by name alone.
BY_NAME = ("test_deploy_and_rollback_with_nothing_missing", "test_a_version_that_does_not_work_goes_back")


class Results:
    def __init__(self, wanted):
        self.wanted = wanted
        self.passed = 0
        self.failed = []

    def wants(self, module, name):
        if not self.wanted:
            return name not in BY_NAME
        return any(w in module or w in name for w in self.wanted)

    def line(self, ok, name, seconds, why=""):
        self.passed += ok
        self.failed += [] if ok else [name]
        print("%-6s %s (%.1f s)%s" % ("ok" if ok else "FAILED", name, seconds, why and ": " + why), flush=True)

    def call(self, name, test, *args):
        began = time.monotonic()
        try:
            test(*args)
        except Exception as e:
            self.line(False, name, time.monotonic() - began, str(e)[:2000])
            traceback.print_exc()
            return
        self.line(True, name, time.monotonic() - began)


def tests_of(module, results):
    """In the order in which they stand."""
    found = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and inspect.isfunction(f)
             and f.__module__ == module.__name__ and results.wants(module.__name__, n)]
    return sorted(found, key=lambda x: x[1].__code__.co_firstlineno)


def run_modules(names, results, *args):
    for name in names:
        module = importlib.import_module(name)
        for test, function in tests_of(module, results):
            results.call("%s.%s" % (name[5:], test[5:]), function, *args)


def run_shared(results):
    with System() as system:
        run_modules(SHARED, results, system)
        figures.print_table(system)


def wants_shared(results):
    return any(tests_of(importlib.import_module(m), results) for m in SHARED)


def main():
    results = Results(sys.argv[1:])
    with engine.Engine() as e:
        print("images: %s" % ", ".join("%s %.0f s" % i for i in e.took.items()), flush=True)
        if wants_shared(results):
            results.call("up_and_down", run_shared, results)
        run_modules(OWN, results)
        run_modules(ALONE, results)
    for name in results.failed:
        print("failed: %s" % name)
    print("%d passed, %d failed" % (results.passed, len(results.failed)))
    return 1 if results.failed or not results.passed else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main())

#!/usr/bin/env python3
"""What CI holds: how work grows with the number of aliases, and how many requests and bytes it takes; never how many seconds.
growth.py RECONCILE PARTS prints a line a check and ends with 1 when one of them fails. Needs valgrind."""
import math
import os
import re
import subprocess
import sys
import tempfile

import data
import measure

failed = False


def check(what, value, limit):
    global failed
    holds = value <= limit
    failed = failed or not holds
    print(f"{'ok  ' if holds else 'FAIL'} {what}: {value:.6g}, at most {limit:.6g}", flush=True)


def exponent(small, large, factor):
    return math.log(large / small) / math.log(factor)


def instructions(program, *arguments):
    """Counted, so that it does not matter what else the machine does."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if run.returncode or not found:
        raise SystemExit(f"error: {' '.join(command)} ended with {run.returncode}\n{run.stderr[-2000:]}")
    return int(found.group(1).replace(",", ""))


def made(count, folder):
    os.makedirs(folder)
    data.manifests(count, folder)
    return folder


def client(binary, parts, folder):
    """All that plan and apply do but for the network: half of the aliases are there, and half of those are otherwise."""
    program = f"{folder}/parts"
    subprocess.run(["strip", "-o", program, parts], check=True)  # valgrind takes minutes over a debug build's symbols
    counts = {}
    for count in (10, 1000, 8000):
        files = made(count, f"{folder}/client{count}")
        with measure.server(binary) as running:
            measure.run([binary, "apply", "--auto-approve", f"{files}/drifted.yaml"], running.environment)
            measure.run([binary, "state", "--out", f"{files}/state.ndjson"], running.environment)
        for manifest in ("wanted.yaml", "layers.yaml"):
            counts[count, manifest] = instructions(program, f"{files}/{manifest}", f"{files}/state.ndjson", "--until", "render")
    for manifest in ("wanted.yaml", "layers.yaml"):
        least = counts[10, manifest]
        check(f"plan of {manifest}, exponent of instructions from 1,000 to 8,000 aliases",
              exponent(counts[1000, manifest] - least, counts[8000, manifest] - least, 8), 1.05)


def requests(binary, folder):
    files = made(2000, f"{folder}/requests")
    with measure.server(binary) as running:
        sent = measure.traffic([binary, "apply", "--auto-approve", f"{files}/wanted.yaml"], running)
        check("requests of an apply: one to read, one to write, one for each of the four new keys", sent[0], 6)
        check("bytes that an apply of new aliases sends for each", sent[1] / 2000, 250)
        read = measure.traffic([binary, "plan", f"{files}/wanted.yaml"], running)
        check("requests of a plan", read[0], 1)
        check("bytes that a plan sends", read[1], 500)
        check("bytes that a plan receives for each alias", read[2] / 2000, 320)


def server(binary, folder):
    """The clock of its processor: the best of three, since a machine that is busy makes only more of it."""
    best = math.inf
    files = {count: made(count, f"{folder}/server{count}") for count in (4000, 24_000)}
    for _ in range(3):
        taken = {}
        for count, place in files.items():
            with measure.server(binary) as running:
                start = running.cpu
                measure.run([binary, "apply", "--auto-approve", f"{place}/wanted.yaml"], running.environment)
                taken[count] = running.cpu - start
        best = min(best, exponent(taken[4000], taken[24_000], 6))
        if best <= 1.15:
            break
    check("apply, exponent of the server's CPU time from 4,000 to 24,000 new aliases", best, 1.15)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, parts = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="reconcile-growth.") as work:
        requests(binary, work)
        client(binary, parts, work)
        server(binary, work)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Prints what each part of a plan with 1 % drift takes, in millions of instructions and in milliseconds of user CPU: parts.py RECONCILE
PARTS FOLDER [--sizes N,N] [--rounds N]. Instructions are counted by valgrind and are the same on a busy machine; milliseconds are not."""
import argparse
import math
import os
import shutil
import statistics
import subprocess

import data
import growth
import measure

PARTS = [
    ("start", "start"), ("load", "read, decode, merge and check the manifest"), ("state", "read the state"),
    ("state and plan", "compare (and read the state once more)"), ("render", "render the text")]


def milliseconds(program, manifest, state, rounds):
    taken = {}
    for _ in range(rounds):
        shown = subprocess.run([program, manifest, state, "--until", "render"], check=True, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            part, time = line.split("\t")
            taken.setdefault(part, []).append(int(time))
    return {part: statistics.median(times) for part, times in taken.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("parts")
    parser.add_argument("folder")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    sizes = list(map(int, given.sizes.split(",")))
    program = f"{given.folder}/parts"
    counts, times = {}, {}
    for count in sizes:
        files = f"{given.folder}/parts{count}"
        shutil.rmtree(files, ignore_errors=True)
        os.makedirs(files)
        subprocess.run(["strip", "-o", program, given.parts], check=True)
        data.manifests(count, files)
        with measure.server(given.binary) as running:
            measure.run([given.binary, "apply", "--auto-approve", f"{files}/drifted.yaml"], running.environment)
            measure.run([given.binary, "state", "--out", f"{files}/state.ndjson"], running.environment)
        for manifest in ("wanted", "production", "layers"):
            arguments = f"{files}/{manifest}.yaml", f"{files}/state.ndjson"
            times[count, manifest] = milliseconds(program, *arguments, given.rounds)
            last = 0
            for part, _ in PARTS if manifest == "wanted" else PARTS[:2]:
                total = growth.instructions(program, *arguments, "--until", part)
                counts[count, manifest, part] = total - last
                last = total
    head = ["part"] + [f"{count:,}: M instr., ms" for count in sizes] + ["exponent"]
    print("\n### The parts of a plan with 1 % drift, in process\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    rows = [("wanted", part, name) for part, name in PARTS]
    rows += [("production", "load", "load, production.yaml over base.yaml"), ("layers", "load", "load, half in either file")]
    for manifest, part, name in rows:
        cells = [f"{counts[count, manifest, part] / 1e6:.0f}, {times[count, manifest].get(part, 0):.0f}" for count in sizes]
        first, last = (counts[count, manifest, part] for count in sizes[-2:])
        cells.append(f"{math.log(last / first) / math.log(sizes[-1] / sizes[-2]):.2f}" if part != "start" else "")
        print("| " + " | ".join([name, *cells]) + " |")


if __name__ == "__main__":
    main()

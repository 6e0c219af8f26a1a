#!/usr/bin/env python3
"""Prints what plan and apply cost, beside octoDNS and a script that somebody writes by hand: one Markdown table for each size.
tables.py BINARY PYTHON FOLDER [--sizes N,N] [--rounds N]; PYTHON is one that has octodns, PyYAML and requests."""
import argparse
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field

import data
import measure

HEADER = ["", "user CPU s", "wall s", "MiB", "requests", "kB out / in", "server CPU s", "server MiB"]


@dataclass
class Row:
    """All runs of one command."""
    name: str
    runs: list = field(default_factory=list)
    server_cpu: list = field(default_factory=list)
    server_memory: float | None = None
    traffic: tuple | None = None

    @property
    def cells(self):
        requests, sent, received = self.traffic or (0, 0, 0)
        return [
            self.name, measure.spread([run.user for run in self.runs]), measure.spread([run.wall for run in self.runs]),
            measure.spread([run.memory for run in self.runs], 0), str(requests) if self.traffic else "",
            f"{sent / 1000:.1f} / {received / 1000:.1f}" if self.traffic else "",
            measure.spread(self.server_cpu) if self.server_cpu else "", f"{self.server_memory:.0f}" if self.server_memory else ""]


def table(title, rows):
    cells = [HEADER, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    print(f"\n### {title}\n", flush=True)
    for number, line in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|", flush=True)


class Bench:
    def __init__(self, binary, python, folder, rounds):
        self.binary, self.python, self.folder, self.rounds = binary, python, folder, rounds
        self.consent = []
        self.octodns = os.path.join(os.path.dirname(python), "octodns-sync")
        self.by_hand = [python, os.path.join(os.path.dirname(os.path.abspath(__file__)), "by_hand.py")]

    def plan(self, file):
        return [self.binary, "plan", *self.consent, f"{self.folder}/{file}"]

    def apply(self, file):
        return [self.binary, "apply", "--auto-approve", *self.consent, f"{self.folder}/{file}"]

    def agree(self, running):
        """Consent to whatever the guards ask for, so that it is the plan that is measured, and not a refusal."""
        self.consent = []
        shown = subprocess.run(
            [*self.plan("wanted.yaml"), "--format", "json"], capture_output=True, env={**os.environ, **running.environment})
        for refusal in json.loads(shown.stdout)["refusals"]:
            self.consent.append(f"--allow-{refusal['guard'].replace('_', '-')}={refusal['count']}")

    def with_server(self, running, rows):
        """The commands in turn, so that what else the machine does meets all of them alike."""
        for _, command in rows:
            measure.run(command, running.environment)
        for _ in range(self.rounds):
            for row, command in rows:
                before = running.cpu
                row.runs.append(measure.run(command, running.environment))
                row.server_cpu.append(running.cpu - before)
        for row, command in rows:
            row.traffic = measure.traffic(command, running)
            row.server_memory = running.memory

    def applied(self, name, command):
        """A command that changes the account, on a new account each time."""
        row = Row(name)
        for number in range(min(self.rounds, 3) + 1):
            with measure.server(self.binary) as running:
                if number == 0:
                    row.traffic = measure.traffic(command, running)
                else:
                    row.runs.append(measure.run(command, running.environment))
                    row.server_cpu.append(running.cpu)
                row.server_memory = running.memory
            shutil.rmtree(f"{self.folder}/keys", ignore_errors=True)
        return row

    def octo(self, name, side, count, *flags):
        """octoDNS, once where it takes minutes."""
        row = Row(name)
        for _ in range(self.rounds if count <= 10_000 and not flags else 1):
            work = f"{self.folder}/octodns/{side}"
            if flags:
                shutil.copytree(work, f"{work}.before", dirs_exist_ok=True)
            row.runs.append(measure.run([self.octodns, "--quiet", "--config-file", f"{work}.config.yaml", *flags]))
            if flags:
                shutil.rmtree(work)
                os.rename(f"{work}.before", work)
        return row

    def size(self, count):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(f"{self.folder}/octodns")
        data.manifests(count, self.folder)
        data.octodns(count, f"{self.folder}/octodns")
        title = f"{count:,} aliases"
        with measure.server(self.binary) as running:
            new = [(Row("reconcile plan"), self.plan("wanted.yaml")), (Row("script"), [*self.by_hand, "plan", f"{self.folder}/wanted.yaml"])]
            self.with_server(running, new)
            table(f"{title}, everything new: plan", [row for row, _ in new] + [self.octo("octodns-sync", "empty", count)])
            measure.run(self.apply("drifted.yaml"), running.environment)
            self.agree(running)
            drift = [
                (Row("reconcile plan"), self.plan("wanted.yaml")),
                (Row("reconcile plan, production.yaml over base.yaml"), self.plan("production.yaml")),
                (Row("reconcile plan, half in either file"), self.plan("layers.yaml")),
                (Row("script"), [*self.by_hand, "plan", f"{self.folder}/wanted.yaml"])]
            self.with_server(running, drift)
            table(f"{title}, 1 % drift: plan", [row for row, _ in drift] + [self.octo("octodns-sync", "drifted", count)])
            before = running.cpu
            apply = Row("reconcile apply", [measure.run(self.apply("wanted.yaml"), running.environment)], [running.cpu - before])
            table(f"{title}, 1 % drift: apply", [apply, self.octo("octodns-sync --doit", "drifted", count, "--doit", "--force")])
            self.consent = []
            same = [(Row("reconcile plan"), self.plan("wanted.yaml")), (Row("script"), [*self.by_hand, "plan", f"{self.folder}/wanted.yaml"])]
            self.with_server(running, same)
            table(f"{title}, no change: plan", [row for row, _ in same] + [self.octo("octodns-sync", "wanted", count)])
        table(f"{title}, everything new: apply", [
            self.applied("reconcile apply", self.apply("wanted.yaml")),
            self.applied("script", [*self.by_hand, "apply", f"{self.folder}/wanted.yaml"]),
            self.octo("octodns-sync --doit", "empty", count, "--doit", "--force")])

    def start(self):
        rows = [(Row("reconcile --help"), [self.binary, "--help"]), (Row("octodns-sync --help"), [self.octodns, "--help"])]
        for _ in range(self.rounds):
            for row, command in rows:
                row.runs.append(measure.run(command))
        table("Start", [row for row, _ in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("python")
    parser.add_argument("folder")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    bench = Bench(os.path.abspath(given.binary), given.python, os.path.abspath(given.folder), given.rounds)
    bench.start()
    for count in map(int, given.sizes.split(",")):
        bench.size(count)


if __name__ == "__main__":
    main()

"""Commands that are timed by what the kernel says of them when they end, and the bundled server beside them."""
import contextlib
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass

import relay


@dataclass
class Run:
    """One run of one command: seconds, and MiB at the peak."""
    user: float
    system: float
    wall: float
    memory: float


def run(command, environment=None, accepts=(0,)):
    """Runs a command to its end; what it prints is thrown away, so that no terminal is measured."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accepts:
            errors.seek(0)
            raise SystemExit(f"error: {' '.join(command)} ended with {process.returncode}\n{errors.read().decode()[-2000:]}")
    return Run(usage.ru_utime, usage.ru_stime, wall, usage.ru_maxrss / 1024)


class Server:
    """The bundled server on a database of its own."""

    def __init__(self, binary, folder):
        self.folder = folder
        log = open(f"{folder}/server.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [binary, "serve", "--no-rate-limits", "--db", f"{folder}/account.db", "--port", "0", "--key-file", f"{folder}/key", "--quiet"],
            stdout=log, stderr=subprocess.STDOUT)
        while not (found := re.search(r"^listening on (http://\S+)$", open(log.name, encoding="utf-8").read(), re.MULTILINE)):
            if self.process.poll() is not None:
                raise SystemExit(f"error: the server ended at once\n{open(log.name, encoding='utf-8').read()}")
            time.sleep(0.01)
        self.url = found.group(1)
        self.key = open(f"{folder}/key", encoding="utf-8").read().strip()

    @property
    def environment(self):
        return {"EMAILCONNECT_URL": self.url, "EMAILCONNECT_API_KEY": self.key}

    @property
    def cpu(self):
        """Seconds of CPU, user and system, in ticks of the kernel."""
        fields = open(f"/proc/{self.process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self):
        """MiB at the peak."""
        text = open(f"/proc/{self.process.pid}/status", encoding="utf-8").read()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024

    @property
    def requests(self):
        """How many requests it has answered, but for those for its metrics."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("reconcile_http_requests_total") and 'route="/metrics"' not in line)

    def stop(self):
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def server(binary):
    """A server, and its folder, for as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="reconcile-bench.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        started = Server(binary, folder)
        try:
            yield started
        finally:
            started.stop()


def traffic(command, running):
    """Runs a command once more behind a relay that counts: requests, and bytes each way."""
    before = running.requests
    with relay.Relay(running.url) as between:
        run(command, {**running.environment, "EMAILCONNECT_URL": between.url})
        return running.requests - before, between.sent, between.received


def spread(values, digits=2):
    """The median, and the range if it shows."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return middle if low == high else f"{middle} ({low}-{high})"

"""What ci-kits.py plays with: an account, a Git repository, and people and forges that act on them."""
import json
import os
import re
import select
import subprocess
import sys
import urllib.request

from ci_runner import GitHub, GitLab
from forge import BOT

BINARY, ROOT, SCRATCH = (os.path.realpath(each) for each in sys.argv[1:4])
SCRATCH = f"{SCRATCH}/ci-kits"
KIT = f"{ROOT}/examples/ci"
PATH = "/usr/local/bin:/usr/bin:/bin"
# Programs that write down their arguments, and then do what they do.
SHIMS, ARGUMENTS = f"{SCRATCH}/shims", f"{SCRATCH}/arguments"
# What somebody may write where a kit could take it for its own.
HOSTILE = (
    f"x --> <!-- reconcile reconcile.yaml digest={'0' * 64} head={'0' * 40} -->"
    "\\n::error::pwned\\n##[error]pwned ```` @everyone $(touch pwned)")


class Failed(Exception):
    """What does not hold."""


def check(holds, what, *shown):
    if not holds:
        raise Failed(f"{what}\n" + "\n".join(str(each)[-6000:] for each in shown))


def ok(what):
    print(f"ok: {what}", flush=True)


def run(*command, cwd, code=0, environment=None):
    """Runs a command; any code is right for None."""
    environment = environment or {"PATH": PATH, "HOME": SCRATCH}
    ended = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(code is None or ended.returncode == code, f"{command} ended with {ended.returncode}", ended.stdout, ended.stderr)
    return ended


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Account:
    """The server, and what people do to the account by hand."""

    def __enter__(self):
        folder = f"{SCRATCH}/server"
        os.makedirs(folder)
        command = [BINARY, "serve", "--db", "account.db", "--port", "0", "--key-file", "key", "--no-rate-limits"]
        with open(f"{folder}/log", "w") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], 60)
            line = self.process.stdout.readline() if ready else ""
            found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+/v1)\n", line)
            check(found, f"the server does not listen; it wrote {line!r}, and {folder}/log")
            self.url = found[1]
            with open(f"{folder}/key") as file:
                self.key = file.read().strip()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=None, key=None):
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body else None)
        request.add_header("Authorization", f"Bearer {key or self.key}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.read().decode()

    def key_for(self, *scopes):
        return json.loads(self.ask("POST", "/api-keys", {"name": f"ci {len(scopes)}", "scopes": scopes}))["api_key"]

    def state(self):
        """The revision, and what is configured."""
        lines = [json.loads(line) for line in self.ask("GET", "/state").splitlines()]
        return lines[0]["revision"], [line for line in lines[1:-1] if line["kind"] != "api_key"]

    def aliases(self, domain):
        return [each for each in json.loads(self.ask("GET", "/aliases?limit=100"))["data"] if each["domain"] == domain]

    def redirect(self, aliases, key):
        """Somebody sends the mail of aliases to another webhook."""
        hook = next(each["id"] for each in json.loads(self.ask("GET", "/webhooks"))["data"] if each["key"] == key)
        for alias in aliases:
            self.ask("PATCH", f"/aliases/{alias['id']}", {"webhook_id": hook})

    def reconcile(self, *arguments, cwd, code=0):
        """Somebody at a terminal, with the first key."""
        environment = {"PATH": PATH, "HOME": SCRATCH, "EMAILCONNECT_URL": self.url, "EMAILCONNECT_API_KEY": self.key}
        return run(BINARY, *arguments, cwd=cwd, code=code, environment=environment)


class Repository:
    """A bare origin, and a clone where people work."""

    def __init__(self):
        self.origin, self.clone = f"{SCRATCH}/origin.git", f"{SCRATCH}/clone"
        write(f"{SCRATCH}/.gitconfig", "[user]\nname = somebody\nemail = somebody@acme.example\n[init]\ndefaultBranch = main\n")
        run("git", "init", "-q", "--bare", self.origin, cwd=SCRATCH)
        run("git", "clone", "-q", self.origin, self.clone, cwd=SCRATCH)

    def git(self, *arguments):
        return run("git", *arguments, cwd=self.clone).stdout.strip()

    @property
    def main(self):
        return self.git("rev-parse", "main")

    def commit(self, branch, files, start="main"):
        """Pushes files to a branch, which begins at `start` if it is new."""
        known = run("git", "rev-parse", "-q", "--verify", f"refs/heads/{branch}", cwd=self.clone, code=None).returncode == 0
        if known:
            self.git("checkout", "-q", branch)
        elif branch != "main":
            self.git("checkout", "-q", "-b", branch, start)
        for path, text in files.items():
            os.makedirs(os.path.dirname(f"{self.clone}/{path}"), exist_ok=True)
            write(f"{self.clone}/{path}", text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")

    def test_merge(self, number, head):
        """What a pull request's runs check out."""
        self.git("checkout", "-q", "--detach", "main")
        self.git("merge", "-q", "--no-ff", "-m", "test", head)
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/pull/{number}/merge")
        return self.git("rev-parse", "HEAD")

    def merge(self, head, way="squash"):
        """Merges into main: way is squash, merge, rebase, or the commit that a queue made."""
        self.git("checkout", "-q", "main")
        if way == "squash":
            self.git("merge", "-q", "--squash", head)
            self.git("commit", "-q", "--allow-empty", "-m", "squashed")
        elif way == "merge":
            self.git("merge", "-q", "--no-ff", "-m", "merge", head)
        elif way == "rebase":
            self.git("cherry-pick", f"main..{head}")
        else:
            self.git("merge", "-q", "--ff-only", way)
        self.git("push", "-q", "origin", "main")
        return self.main


class Store:
    """A program that takes a new key on standard input, as gh and glab do."""

    def __init__(self, program):
        self.arguments, self.stored, self.names = [f"{SCRATCH}/{program}-{each}" for each in ("arguments", "stored", "names")]
        script = f'#!/bin/sh\necho "$@" >"{self.arguments}"\ncat >"{self.stored}"\nenv | cut -d= -f1 >"{self.names}"\n'
        write(f"{SHIMS}/{program}", script)
        os.chmod(f"{SHIMS}/{program}", 0o755)

    def is_empty(self):
        return not os.path.exists(self.stored)

    def token(self, account, *arguments):
        """What it got, which has to be a key that works."""
        with open(self.arguments) as given, open(self.stored) as stored:
            token = stored.read().strip()
            check(given.read().split() == list(arguments) and re.fullmatch(r"ec_\w+", token), "the program got the key on standard input")
        check(json.loads(account.ask("GET", "/aliases", key=token))["data"], "the key works")
        check("EMAILCONNECT_API_KEY" not in self.variables(), "the program did not get the key that writes")
        return token

    def variables(self):
        with open(self.names) as file:
            return file.read().split()


def manifest(aliases, owner="mail/production", domain="acme.example"):
    """Two webhooks, and a domain with aliases, one of which has a description that wants to be taken for something else."""
    name, environment = owner.split("/")
    said = {alias: HOSTILE if alias == "support" else alias for alias in aliases}
    return "\n".join([
        "version: 1", f"manifest: {name}", f"environment: {environment}", "webhooks:",
        "  helpdesk: { url: https://hooks.acme.example/helpdesk }", "  archive: { url: https://hooks.acme.example/archive }",
        "domains:", f"  {domain}:", "    description: Main domain", "    aliases:",
        *[f'      {alias}: {{ webhook: {hook}, description: "{said[alias]}" }}' for alias, hook in aliases.items()], ""])


def marker(comment):
    """The hidden line: manifest, digest and head."""
    return re.match(r"<!-- reconcile (\S+) digest=(\S+) head=(\S+) -->\n", comment["body"]).groups()


class World:
    """Everything at once, and what GitHub does by itself."""

    def __init__(self, account, forge, repository):
        self.account, self.forge, self.repository, self.shown, self.number = account, forge, repository, [], 0
        self.github = GitHub(forge, repository.origin, SCRATCH, f"{SHIMS}:{PATH}")
        self.gitlab = GitLab(forge, repository.origin, SCRATCH, f"{SHIMS}:{PATH}")
        # What the manifest on main says.
        self.mail = {"support": "helpdesk", "billing": "helpdesk"}

    def keep(self, jobs):
        """Keeps what was shown; no log may have a command that it should not have."""
        for job in jobs.values():
            self.shown.append((job.name, job.log + job.summary))
            strange = [each for each in job.commands if "pwned" in each or each.startswith(("##", "stopped"))]
            check(not strange, "somebody's text is a command in a log", strange, job.log)
        return jobs

    def text(self):
        """Main's manifest."""
        return self.repository.git("show", "main:reconcile.yaml") + "\n"

    def commit(self, files):
        """Somebody's commit on main, whose apply did not run."""
        self.number += 1
        return self.repository.commit("main", files)

    def open(self, branch, text, title="change", start="main", **more):
        return self.forge.pull(title, self.repository.commit(branch, {"reconcile.yaml": text}, start), **more)

    def push(self, number, branch, text):
        head = self.forge.issues[number]["head"]
        head["sha"] = self.repository.commit(branch, {"reconcile.yaml": text})
        return head["sha"]

    def plan(self, number, workflow="reconcile-plan.yml", fork=False, again=None):
        """The jobs of a pull request."""
        pull = self.forge.issues[number]
        sha = self.repository.test_merge(number, pull["head"]["sha"])
        event = {"number": number, "pull_request": {each: pull[each] for each in ("number", "head", "base", "title", "user")}}
        return self.keep(self.github.run(workflow, "pull_request", sha, f"refs/pull/{number}/merge", payload=event, fork=fork, again=again))

    def planned(self, number, again=None):
        """The one job of a pull request from the repository itself."""
        return self.plan(number, again=again)["plan reconcile.yaml"]

    def queued(self, number):
        """A merge queue's commit, and the one job that it asks for."""
        head = self.forge.issues[number]["head"]["sha"]
        branch = f"gh-readonly-queue/main/pr-{number}-{self.repository.main}"
        self.repository.git("push", "-q", "origin", f"{self.repository.test_merge(number, head)}:refs/heads/{branch}")
        sha = self.repository.git("rev-parse", "HEAD")
        event = {"merge_group": {"head_sha": sha, "head_ref": f"refs/heads/{branch}", "base_ref": "refs/heads/main"}}
        job = self.keep(self.github.run("reconcile-plan.yml", "merge_group", sha, f"refs/heads/{branch}", payload=event))["plan reconcile.yaml"]
        job.ref = f"refs/heads/{branch}"
        return sha, job

    def merge(self, number, way="squash"):
        """The merge's commit, and its run's number."""
        sha = self.repository.merge(self.forge.issues[number]["head"]["sha"], way)
        self.forge.merged(number, sha)
        self.number += 1
        return sha, self.number

    def apply(self, merged):
        jobs = self.github.run("reconcile-apply.yml", "push", merged[0], "refs/heads/main", number=merged[1])
        return self.keep(jobs)["apply reconcile.yaml"]

    def by_hand(self, digest):
        self.number += 1
        inputs = {"digest": digest, "manifest": "reconcile.yaml"}
        jobs = self.github.run(
            "reconcile-apply.yml", "workflow_dispatch", self.repository.main, "refs/heads/main", number=self.number, inputs=inputs)
        return self.keep(jobs)["apply reconcile.yaml"]

    def night(self):
        jobs = self.github.run("reconcile-drift.yml", "schedule", self.repository.main, "refs/heads/main")
        return self.keep(jobs)["drift reconcile.yaml"]

    def plans(self, number):
        """The bot's comments that are plans."""
        on = [each for each in self.forge.comments.values() if each["issue"] == number]
        return [each for each in on if each["user"]["login"] == BOT and each["body"].startswith("<!-- reconcile ")]

    def opened(self):
        """The issues that the nights opened, and that are still open."""
        return [each for each in self.forge.issues.values() if each["user"]["login"] == BOT and each["state"] == "open"]

    def is_equal(self, path="reconcile.yaml"):
        """Whether the account is as main's manifest says."""
        self.repository.git("checkout", "-q", "main")
        return self.account.reconcile("plan", "--detailed-exitcode", path, cwd=self.repository.clone, code=None).returncode == 0

"""Puts a marker into every place that a secret can have, runs every command in every format and in every kind of failure, and then looks
for the markers where they do not belong: canary.py RECONCILE_BINARY SCRATCH
Prints what was searched, and ends with 1 when a marker was found."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request

BINARY, SCRATCH = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
os.chdir(SCRATCH)
os.makedirs("home", exist_ok=True)

VALUES = {
    "env": "canary-env-5f1c", "file": "canary-file-77aa", "command": "canary-command-19cd", "age": "canary-age-a0b1",
    "url": "https://hooks.example/canary-url-33ee", "signing": "canary-signing-8d2f-0123456789", "prefix": "canary-prefix-6b6b",
    "literal": "canary-literal-c4d5",
}
# Where a marker is at home, or somebody put it.
OWN = {"secret.txt", "value.txt", "age.key", "sealed.age", "literal.yaml", "first.key", "keys/k", "keys/k2", "job.key", "kept"}
shown = []


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)


def run(*words, code=None, env=None, stdin="", trace=None):
    """Runs reconcile, and keeps everything that it says."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": f"{SCRATCH}/home", "SWIFT_BACKTRACE": "enable=yes,color=no,interactive=no,symbolicate=off",
        "TOKEN_ENV": VALUES["env"], "HOOK_URL": VALUES["url"], "SIGNING": VALUES["signing"], "RECONCILE_AGE_KEY_FILE": "age.key",
        **CONNECTION, **(env or {})}
    command = [BINARY, *words]
    if trace:
        command = ["strace", "-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-o", trace, *command]
    ended = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, errors="replace", timeout=120)
    shown.append((" ".join(words), ended.stdout, ended.stderr))
    if code is not None and ended.returncode != code:
        sys.exit(f"{words} ended with {ended.returncode} and not {code}:\n{ended.stdout}{ended.stderr}")
    return ended


CONNECTION = {}
recipient = run("secrets", "keygen", "--out", "age.key", code=0).stdout.strip()
sealed = run("secrets", "encrypt", "-r", recipient, code=0, stdin=VALUES["age"]).stdout
write("sealed.age", sealed)
write("secret.txt", VALUES["file"] + "\n")
write("value.txt", VALUES["command"])
armored = "".join(f"          {line}\n" for line in sealed.splitlines())
MANIFEST = f"""version: 1
manifest: canary
environment: test
webhooks:
  all:
    url: {{ env: HOOK_URL }}
    headers:
      X-Env: {{ env: TOKEN_ENV, prefix: "{VALUES['prefix']} " }}
      X-File: {{ file: secret.txt }}
      X-Command: {{ command: [cat, value.txt] }}
      X-Age:
        age: |
{armored}    signing_secret: {{ env: SIGNING }}
domains:
  acme.example: {{ aliases: {{ support: all }} }}
api_keys:
  k: {{ scopes: [aliases:read], rotate_every: 30d, deliver_to: {{ file: keys/k }} }}
  k2: {{ scopes: [aliases:read], deliver_to: {{ command: [sh, -c, "cat >kept"] }} }}
"""
write("reconcile.yaml", MANIFEST)
log = open("server.log", "w")
server = subprocess.Popen(
    [BINARY, "serve", "--db", "account.db", "--port", "0", "--key-file", "first.key", "--no-rate-limits", "--log-level", "debug"],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env={"PATH": os.environ["PATH"], "HOME": f"{SCRATCH}/home"})
try:
    url = re.match(r"listening on (\S+)", server.stdout.readline())[1]
    key = open("first.key").read().strip()
    CONNECTION = {"EMAILCONNECT_URL": url, "EMAILCONNECT_API_KEY": key}

    def ask(method, path, body=None, root="/v1"):
        request = urllib.request.Request(url.removesuffix("/v1") + root + path, method=method, data=body and json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {key}")
        request.add_header("Content-Type", "application/json")
        return json.load(urllib.request.urlopen(request))

    # Everything that is well.
    for form in ("text", "json", "sarif", "github", "gitlab"):
        run("validate", "--format", form, code=0)
    run("fmt", "--check"), run("fmt", "--diff")
    for form in ("text", "json", "markdown", "html", "github", "gitlab"):
        run("plan", "--format", form, "--verbose", code=0)
    run("plan", "--out", "plan.json", "--explain", "webhook:all", code=0)
    for form in ("text", "json", "markdown", "html"):
        run("show", "plan.json", "--format", form, code=0)
    run("apply", "--auto-approve", "--allow-commands", "--verbose", code=0, trace="apply.trace")
    run("plan", "--detailed-exitcode", "--format", "json", code=2)
    run("apply", "--auto-approve", "--allow-commands", "--format", "json", code=0)
    # Drift of a secret, seen and taken back.
    hook = ask("GET", "/webhooks?limit=1")["data"][0]["id"]
    ask("PATCH", f"/webhooks/{hook}", {"secret_headers": {"X-Env": "somebody's"}})
    drift = run("plan", "--detailed-exitcode", code=2)
    if "X-Env" not in drift.stdout or "(secret changed)" not in drift.stdout:
        sys.exit(f"a secret that was changed by hand is not seen:\n{drift.stdout}")
    run("apply", "--auto-approve", "--allow-commands", code=0)
    run("keys", "rotate", "k", "--auto-approve", code=0), run("keys", "list", code=0), run("keys", "list", "--all", "--format", "json", code=0)
    run("keys", "create", "--expires", "1h", "--scopes", "aliases:read", "--out", "job.key", code=0)
    for form in ("text", "json", "sarif"):
        run("audit", "--format", form)
    run("export", code=0), run("state", "--out", "state.ndjson", code=0), run("history", code=0), run("schema", code=0)
    run("plan", "--state", "state.ndjson", "--format", "json")
    # Everything that can fail.
    run("plan", env={"EMAILCONNECT_API_KEY": key[:-1] + ("A" if key[-1] != "A" else "B")}, code=1)
    run("plan", "--retry", "0", env={"EMAILCONNECT_URL": "http://127.0.0.1:1/v1"}, code=1)
    run("plan", env={"EMAILCONNECT_URL": f"http://user:{VALUES['literal']}@127.0.0.1:1/v1"}, code=1)
    run("apply", "--auto-approve", env={"TOKEN_ENV": VALUES["env"] + "\n\x01x", "HOOK_URL": "not a URL " + VALUES["url"]})
    run("apply", "--auto-approve", "--expect", "0" * 64, code=3)
    run("keys", "revoke", "k2", "--auto-approve", code=0), run("plan", code=4)
    for place in ("url: LITERAL", "url: https://a.example/, signing_secret: LITERAL", "url: https://a.example/, headers: { Authorization: LITERAL }",
                  "url: https://a.example/, headers: { X-Key: { env: LITERAL } }",
                  "url: https://a.example/, headers: { X-A: { age: LITERAL } }", "url: https://a.example/, headers: [LITERAL]",
                  "url: https://a.example/, headers: { X: { file: secret.txt, LITERAL: y } }"):
        marker = VALUES["literal"] if "env: LITERAL" not in place else VALUES["literal"].replace("-", " ")
        write("literal.yaml", f"version: 1\nmanifest: m\nenvironment: e\nwebhooks: {{ a: {{ {place.replace('LITERAL', marker)} }} }}\n")
        for form in ("text", "json", "sarif", "github", "gitlab"):
            run("validate", "literal.yaml", "--format", form)
        run("plan", "literal.yaml")
    write("damaged.yaml", MANIFEST.replace("-----END", "AAAA\n          -----END"))
    run("plan", "damaged.yaml")
    run("secrets", "decrypt", "reconcile.yaml", code=1), run("secrets", "decrypt", "-i", "secret.txt", "sealed.age", code=1)
    write("failing.yaml", MANIFEST.replace("[cat, value.txt]", "[sh, -c, 'exit 3']"))
    run("apply", "failing.yaml", "--auto-approve", "--allow-commands")
    # A crash in the middle.
    write("slow.yaml", MANIFEST.replace("[cat, value.txt]", "[sh, -c, 'kill -SEGV $PPID; cat value.txt']"))
    run("apply", "slow.yaml", "--auto-approve", "--allow-commands")
    rows = [json.dumps(ask("GET", path)) for path in ("/webhooks", "/changes", "/applies", "/api-keys", "/activity")]
    rows += [json.dumps(ask("GET", path, root="/api")) for path in ("/webhooks", "/aliases", "/domains")]
finally:
    server.send_signal(signal.SIGTERM)
    server.wait(20)
    log.close()

tokens = [open(path).read().strip() for path in ("first.key", "keys/k", "kept", "job.key")]
age = re.search(r"AGE-SECRET-KEY-1[0-9A-Z]+", open("age.key").read())[0]
markers = [value.replace("https://hooks.example/", "") for value in VALUES.values()] + ["canary literal c4d5"] + tokens + [age]
found = []


def search(where, text, allowed=()):
    for marker in markers:
        if marker in text and marker not in allowed:
            found.append(f"{marker[:14]}... in {where}")


for command, out, err in shown:
    search(f"standard output of {command}", out)
    search(f"standard error of {command}", err)
for number, row in enumerate(rows):
    search(f"answer {number} of the API", row)
search("the server's log", open("server.log").read())
count = 0
for folder, _, files in os.walk("."):
    for name in files:
        path = os.path.relpath(os.path.join(folder, name), ".")
        if path in OWN or path.startswith("account.db"):
            continue
        # The trace has this program's own environment; its lines are looked at one by one.
        if path == "apply.trace":
            continue
        count += 1
        # The prefix is no secret, and stands in the manifest.
        allowed = (VALUES["prefix"],) if name.endswith(".yaml") or path == "plan.json" else ()
        search(f"file {path}", open(path, errors="replace").read(), allowed)
# The database keeps the webhooks' secrets in the one table that sends them; a key's token it never has.
raw = b"".join(open(path, "rb").read() for path in sorted(os.listdir(".")) if path.startswith("account.db"))
for token in tokens:
    if token.encode() in raw:
        found.append(f"{token[:11]}... in the database")
database = sqlite3.connect("account.db")
tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
for table in tables:
    if table != "webhook_secrets":
        search(f"table {table}", "\n".join(map(str, database.execute(f'SELECT * FROM "{table}"'))))
# Programs get a secret on their standard input: not as an argument, and neither this run's keys nor the manifest's secrets in their
# environment.
trace = open("apply.trace", errors="replace").read()
calls = [line for line in trace.splitlines() if "execve(" in line]
children = [line for line in calls if f'execve("{BINARY}"' not in line]
for line in calls:
    search("arguments", line.split("], [")[0])
for line in children:
    search("the environment of a program", line)
if len(children) < 2:
    found.append("no program was seen to run, which proves nothing")
print(f"searched: {len(shown)} commands' output, {len(rows)} answers, the server's log, {count} files, {len(tables)} tables, {len(calls)} programs' arguments")
for line in sorted(set(found)):
    print(f"FOUND {line}")
sys.exit(1 if found else 0)

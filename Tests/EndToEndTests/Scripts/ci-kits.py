"""Drives the CI kits of examples/ci through their story: ci-kits.py RECONCILE_BINARY REPO_ROOT SCRATCH
The very steps of the workflows and jobs run in a scratch Git repository, against a server of their own and a stand-in for the forge.
Prints a line for each thing that holds, and ends with 1 at the first that does not. What there was is left in SCRATCH/ci-kits."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import ci_attacks  # noqa: E402
import ci_files  # noqa: E402
from ci_expressions import Unknown  # noqa: E402
from ci_gitlab import gitlab  # noqa: E402
from ci_world import (  # noqa: E402
    ARGUMENTS, BINARY, KIT, ROOT, SCRATCH, SHIMS, Account, Failed, Repository, World, check, manifest, marker, ok, run, write)
from forge import BOT, Forge  # noqa: E402


def set_up(repository, tarball):
    """The README's own commands, and the two lines to edit."""
    with open(f"{KIT}/README.md") as file:
        blocks = [each for each in re.findall(r"```sh\n(.*?)```", file.read(), re.S) if each.startswith("kit=")]
    check(len(blocks) == 2, "README.md has two blocks that copy a kit")
    for block in blocks:
        run("bash", "-euo", "pipefail", "-c", re.sub("^kit=.*", f"kit={KIT}", block), cwd=repository.clone)
    url, checksum = f"file://{tarball}", run("sha256sum", tarball, cwd=SCRATCH).stdout.split()[0]
    edits = {
        ".github/actions/reconcile/action.yml": [
            ('lies.\n    default: ""', f"lies.\n    default: {url}"), ('checksum.\n    default: ""', f"checksum.\n    default: {checksum}")],
        ".gitlab-ci.yml": [('RECONCILE_URL: ""', f"RECONCILE_URL: {url}"), ('RECONCILE_SHA256: ""', f"RECONCILE_SHA256: {checksum}")]}
    for path, pairs in edits.items():
        with open(f"{repository.clone}/{path}") as file:
            text = file.read()
        for old, new in pairs:
            check(text.count(old) == 1, f"{path} has {old!r} once")
            text = text.replace(old, new)
        write(f"{repository.clone}/{path}", text)
    repository.commit("main", {"README.txt": "mail\n"})
    ok("README.md's commands copy the kits, and two lines pin the tarball")


def first_plans(world):
    branch = "feature/$(touch${IFS}pwned)"
    number = world.open(branch, manifest(world.mail), title="`$(touch pwned)`\n::error::pwned")
    head = world.push(number, branch, manifest({**world.mail, "broken": "nowhere"}))
    forged = f"<!-- reconcile reconcile.yaml digest={'f' * 64} head={head} -->\nlooks good"
    for login in ("somebody", "another-app[bot]"):
        world.forge.comment(number, forged, login)
    world.forge.comment(number, "somebody wrote:\n" + forged, BOT)
    for index in range(120):
        world.forge.comment(number, f"remark {index}", "somebody")
    job = world.planned(number)
    check(len(world.plans(number)) == 1, "one comment", job.log)
    comment, = world.plans(number)
    check(job.code == 1 and marker(comment) == ("reconcile.yaml", "none", head), "a broken manifest has no digest", job.log, comment)
    check('there is no webhook "nowhere"' in comment["body"], "the comment says why", comment)
    lines = [each for each in job.commands if each.startswith("error file=reconcile.yaml,line=")]
    check(len(lines) == 1, "the mistake shows at its line", job.commands)
    ok("a broken manifest: a red check, a comment that says why, the mistake at its line")

    head = world.push(number, branch, manifest(world.mail))
    job = world.planned(number)
    check(job.code == 0, "planned", job.log)
    comment, = world.plans(number)
    check(marker(comment)[2] == head and "+ alias support@acme.example" in comment["body"], "the plan of the last push", comment)
    check(marker(comment)[1] != "0" * 64 and comment["body"].count("0" * 64) == 1, "a forged line stays text", comment)
    check(len(world.forge.comments) == 124, "one comment was made")
    check(json.loads(world.github.artifacts["reconcile-plan-0/plan.json"].splitlines()[0])["format"] == 1, "the plan is kept")
    group = {"group": f"reconcile-plan-refs/pull/{number}/merge-reconcile.yaml", "cancel-in-progress": "true"}
    check(job.settings == group, "a newer push ends an older plan", job.settings)
    job = world.planned(number, again=world.github.latest)
    check(job.code == 0 and len(world.forge.comments) == 124, "the job run again", job.log)
    ok("one comment, written anew in place, also when the job is run again, found behind 120 others; what people, another bot and a quotation forge does not count")
    return number


def merging(world, number):
    merged = world.merge(number)
    check(merged[0] != world.forge.issues[number]["head"]["sha"], "squashed")
    job = world.apply(merged)
    check(job.code == 0 and "Applied as revision" in job.log and world.is_equal(), "what was reviewed was applied", job.log)
    group = {"group": "reconcile-apply-reconcile.yaml", "cancel-in-progress": "false", "queue": "max"}
    check(job.settings == group, "one after the other, and none dropped", job.settings)
    before = world.account.state()
    job = world.apply(merged)
    check(job.code == 0 and "Already applied as revision" in job.log and world.account.state() == before, "again", job.log)
    ok("a squash merge applies exactly what was reviewed; again is harmless")

    sha = world.repository.commit("main", {"README.txt": "more\n"})
    world.number += 1
    job = world.apply((sha, world.number))
    check(job.code == 0 and "Nothing to apply" in job.log and world.account.state()[1] == before[1], "nothing to do", job.log)
    ok("a commit without a pull request that changes nothing is let through")


def late_push(world):
    number = world.open("late", manifest({**world.mail, "sales": "helpdesk"}))
    world.planned(number)
    world.mail |= {"sales": "helpdesk", "orders": "helpdesk"}
    world.push(number, "late", manifest(world.mail))
    before = world.account.state()
    job = world.apply(world.merge(number))
    check(job.code == 3 and "nobody has reviewed a plan of this commit" in job.log, "an older push's plan does not count", job.log)
    check(world.account.state() == before, "nothing was written")
    check("error title=Not what was reviewed" in job.commands, "it is said", job.commands)
    ok("a push after the last plan: refused, nothing written")

    digest = re.search(r"with its digest: ([0-9a-f]{64})", job.log)[1]
    job = world.by_hand("0" * 64)
    check(job.code == 3 and "not what was reviewed" in job.log and world.account.state() == before, "another digest", job.log)
    job = world.by_hand(digest)
    check(job.code == 0 and world.is_equal(), "by hand, with the digest that was read", job.log)
    ok("by hand: with the digest that the log shows it is applied, with another one not")


def drift(world):
    text = "<!-- reconcile-drift reconcile.yaml -->"
    somebodys = world.forge.issues[world.forge.issue("Is there drift?", "somebody", text, ["reconcile-drift"])]
    check(world.night().code == 0 and not world.opened(), "no drift, no issue")
    world.account.redirect([each for each in world.account.aliases("acme.example") if each["name"] == "billing"], "archive")
    job = world.night()
    check(job.code == 0 and len(world.opened()) == 1 and "warning" in job.commands, "one issue", job.log)
    issue, = world.opened()
    check("billing@acme.example  server drifted" in issue["body"] and issue["labels"] == [{"name": "reconcile-drift"}], "it says what", issue)
    world.night()
    check(world.opened() == [issue], "no duplicate")
    ok("drift opens one issue; a second night opens no other")

    job = world.by_hand(re.search(r"Its digest: ([0-9a-f]{64})", issue["body"])[1])
    check(job.code == 0 and world.is_equal(), "the issue's digest takes it back", job.log)
    world.night()
    check(not world.opened() and issue["state_reason"] == "completed", "closed", issue)
    check(somebodys["state"] == "open" and somebodys["body"] == text, "a person's issue is left alone", somebodys)
    ok("the issue's digest takes the drift back, the next night closes the issue; a person's issue is left alone")

    world.account.redirect(world.account.aliases("acme.example"), "archive")
    job = world.night()
    check(job.code == 0 and len(world.opened()) == 1, "a guard hides no drift", job.log)
    issue, = world.opened()
    check("**Refused**" in issue["body"] and "is refused as it stands" in issue["body"], "it says how", issue)
    consent = ("--allow-mail-moves", str(len(world.mail)))
    world.account.reconcile("apply", "--auto-approve", *consent, cwd=world.repository.clone)
    world.night()
    check(not world.opened() and world.is_equal(), "taken back at a terminal")
    ok("drift that a guard would not take back without consent is reported too")


def two_merges(world):
    older = world.open("older", manifest({**world.mail, "events": "archive"}))
    newer = world.open("newer", manifest(world.mail).replace("/archive }", "/archive, description: Keeps all }"))
    check(world.planned(older).code == world.planned(newer).code == 0, "planned")
    first, second = world.merge(older), world.merge(newer)
    before = world.account.state()
    job = world.apply(second)
    check(job.code == 3 and "not what was reviewed" in job.log and world.account.state() == before, "the newer one came first", job.log)
    jobs = [world.apply(first), world.apply(second)]
    check([each.code for each in jobs] == [0, 0] and world.is_equal(), "in their order", *[each.log for each in jobs])
    before = world.account.state()
    job = world.apply(first)
    check(job.code == 0 and world.account.state() == before, "the older one again", job.log)
    world.mail["events"] = "archive"
    ok("two merges at once, the newer first: refused; in their order both are applied, and the older one again undoes nothing")

    # The newer one takes back what the older one adds. It finds nothing to do, since the older one has not run yet.
    text = world.text()
    older = world.open("add", text.replace("      billing", "      guests: { webhook: archive }\n      billing"))
    newer = world.open("remove", text, start="add")
    check(world.planned(older).code == world.planned(newer).code == 0, "planned")
    check(world.plans(older) and not world.plans(newer), "no comment as long as nothing would change")
    first, second = world.merge(older, "merge"), world.merge(newer, "merge")
    before = world.account.state()
    check(world.apply(second).code == 0, "nothing to do")
    job = world.apply(first)
    check(job.code == 3 and "is older than run" in job.log and world.account.state() == before, "the sequence", job.log)
    check(world.is_equal(), "the account is the newer one's")
    ok("an older run cannot undo a newer one that found nothing to do")


def large(world):
    text = world.text()
    many = [f'      a{index}: {{ webhook: archive, description: "{"word " * 40}" }}\n' for index in range(900)]
    number = world.open("large", text.replace("      billing", "".join(many) + "      billing", 1))
    job = world.planned(number)
    check(job.code == 0, "planned", job.log)
    body = world.plans(number)[0]["body"]
    check(len(body) <= 65_536 and "The rest does not fit into a comment" in body and "A merge applies exactly this" in body, "cut", body)
    check(len(re.findall(r"^````", body, re.M)) % 2 == 0, "every block is closed", body)
    ok("a plan that is too long for a comment is cut to fit")

    before = world.account.state()
    number = world.open("less", manifest({"support": "helpdesk"}))
    job = world.planned(number)
    body = world.plans(number)[0]["body"]
    check(job.code == 4 and "**Refused**" in body and "cannot be applied as it stands" in body, "refused", job.log)
    job = world.apply(world.merge(number))
    check(job.code == 4 and world.account.state() == before, "a merge of it applies nothing", job.log)
    ok("a plan that a guard refuses: a red check, a comment with the ways out, and its merge applies nothing")


def no_secrets(world, secrets):
    shown = world.shown + [("a comment, note or issue", each) for each in world.forge.said]
    shown += [*world.github.artifacts.items(), *world.github.caches.items(), *world.gitlab.reports.items()]
    for where, text in shown:
        for secret in secrets:
            check(secret not in text, f"{secret[:11]}... stands in {where}")
    with open(ARGUMENTS) as file:
        arguments = file.read()
    check("--url" in arguments and "--expect" in arguments and "--arg" in arguments, "arguments were written down")
    for secret in secrets:
        check(secret not in arguments, f"{secret[:11]}... is an argument")
    check(not [file for _, _, files in os.walk(SCRATCH) for file in files if file == "pwned"], "somebody's text ran")
    ok(f"no key and no token in {len(shown)} logs, comments, issues, artifacts and saved states, nor in an argument; nobody's text ran")


def shims():
    """Between the kits and their programs: their arguments are written down."""
    os.makedirs(SHIMS)
    for name, program in {"curl": shutil.which("curl"), "jq": shutil.which("jq"), "reconcile": BINARY}.items():
        path = f"{SHIMS}/{name}"
        if name == "reconcile":
            # What the kits install; packing the real one takes a while.
            path = f"{SCRATCH}/light/reconcile/bin/reconcile"
            os.makedirs(os.path.dirname(path))
        write(path, f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{ARGUMENTS}"\nexec "{program}" "$@"\n')
        os.chmod(path, 0o755)
    run("tar", "-czf", f"{SCRATCH}/light.tar.gz", "-C", f"{SCRATCH}/light", "reconcile", cwd=SCRATCH)


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(SCRATCH)
    packing = subprocess.Popen(
        [f"{ROOT}/scripts/package", f"{SCRATCH}/dist"], env={**os.environ, "RECONCILE": BINARY}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        ci_files.schemas()
        ci_files.lint()
        shims()
        repository = Repository()
        with Account() as account, Forge(repository.origin) as forge:
            world = World(account, forge, repository)
            # The README's scopes.
            read = ["domains:read", "aliases:read", "webhooks:read", "api_keys:read", "webhooks:compare"]
            write_also = ["domains:write", "aliases:write", "webhooks:write", "api_keys:write", "api_keys:grant"]
            reading, writing = account.key_for(*read), account.key_for(*read, *write_also)
            world.github.variables["EMAILCONNECT_URL"] = account.url
            world.github.secrets["EMAILCONNECT_API_KEY"] = reading
            world.github.environments["production"] = {"EMAILCONNECT_API_KEY": writing}
            set_up(repository, f"{SCRATCH}/light.tar.gz")
            merging(world, first_plans(world))
            late_push(world)
            drift(world)
            two_merges(world)
            ci_attacks.fork(world)
            ci_attacks.names(world)
            ci_attacks.references(world)
            ci_attacks.policy(world)
            ci_attacks.merges(world)
            token = ci_attacks.commands(world)
            large(world)
            no_secrets(world, [reading, writing, token, gitlab(world), account.key, "forge_secrets", *forge.tokens])
        ci_files.pre_commit()
        said = packing.communicate(timeout=300)[0]
        check(packing.returncode == 0, "scripts/package", said)
        ci_files.install(said.split()[-1])
    finally:
        if packing.poll() is None:
            os.killpg(packing.pid, signal.SIGKILL)
        packing.communicate()


try:
    main()
except (Failed, Unknown) as failed:
    print(f"FAILED: {failed}", flush=True)
    sys.exit(1)

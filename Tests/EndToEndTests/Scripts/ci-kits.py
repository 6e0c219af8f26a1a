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

from ci_runner import Unknown, load
from ci_world import BINARY, KIT, PATH, ROOT, SCRATCH, Account, Failed, Repository, World, check, manifest, marker, ok, run, write
from forge import BOT, Forge


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
    group = {"group": f"reconcile-plan-{number}-reconcile.yaml", "cancel-in-progress": "true"}
    check(job.settings == group, "a newer push ends an older plan", job.settings)
    ok("one comment, written anew in place, found behind 120 others; what people, another bot and a quotation forge does not count")
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
    text = world.repository.git("show", "main:reconcile.yaml") + "\n"
    older = world.open("add", text.replace("      billing", "      guests: { webhook: archive }\n      billing"))
    newer = world.open("remove", text, start="add")
    check(world.planned(older).code == world.planned(newer).code == 0, "planned")
    check(world.plans(older) and not world.plans(newer), "no comment as long as nothing would change")
    first, second = world.merge(older, squash=False), world.merge(newer, squash=False)
    before = world.account.state()
    check(world.apply(second).code == 0, "nothing to do")
    job = world.apply(first)
    check(job.code == 3 and "is older than run" in job.log and world.account.state() == before, "the sequence", job.log)
    check(world.is_equal(), "the account is the newer one's")
    ok("an older run cannot undo a newer one that found nothing to do")


def fork(world):
    world.mail["press"] = "helpdesk"
    text = manifest(world.mail).replace("/archive }", "/archive, description: Keeps all }")
    number = world.open("patch-1", text, head_repository="somebody/mail")
    check(world.plan(number, fork=True)["plan reconcile.yaml"].skipped, "the workflow with secrets leaves forks alone")
    job = world.plan(number, "reconcile-plan-fork.yml", fork=True)["plan reconcile.yaml"]
    check(job.code == 1 and "There is no saved state yet" in job.log, "no state yet", job.log)
    for event in ("workflow_dispatch", "workflow_run"):
        jobs = world.keep(world.github.run("reconcile-plan-fork.yml", event, world.repository.main, "refs/heads/main"))
        check(jobs["state"].code == 0 and jobs["plan reconcile.yaml"].skipped, "the state is saved", jobs["state"].log)
    writes = len(world.forge.writes)
    jobs = world.plan(number, "reconcile-plan-fork.yml", fork=True)
    job = jobs["plan reconcile.yaml"]
    check(jobs["state"].skipped and job.code == 0 and "+ alias press@acme.example" in job.summary, "planned", job.log)
    check(not [each for seen in job.environments for each in seen if each.startswith("EMAILCONNECT")], "without a key")
    check(len(world.forge.writes) == writes and not world.plans(number), "without a comment")
    ok("a fork: planned against the saved state, with no key, in the run's summary")

    digest = re.search(r"digest=([0-9a-f]{64})", job.summary)[1]
    job = world.apply(world.merge(number))
    check(job.code == 3 and f"with its digest: {digest}" in job.log, "no fork's plan is reviewed, and its digest is the same", job.log)
    check(world.by_hand(digest).code == 0 and world.is_equal(), "by hand")
    ok("a fork's merge is refused until somebody applies its digest by hand")


def large(world):
    text = world.repository.git("show", "main:reconcile.yaml") + "\n"
    many = [f'      a{index}: {{ webhook: archive, description: "{"word " * 40}" }}\n' for index in range(900)]
    number = world.open("large", text + "".join(many))
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


def gitlab(world):
    forge, repository, file, bot = world.forge, world.repository, "mail/reconcile.yaml", "project_42_bot"
    world.gitlab.variables = {
        "EMAILCONNECT_URL": world.account.url, "EMAILCONNECT_API_KEY": world.github.secrets["EMAILCONNECT_API_KEY"],
        "RECONCILE_GITLAB_TOKEN": forge.token(bot, "User", api="write"), "MANIFEST": file}
    world.gitlab.protected = world.github.environments["production"]

    def push(branch, **aliases):
        text = manifest({"support": "helpdesk", **aliases}, "gitlab/production", "gitlab.acme.example")
        return repository.commit(branch, {file: text})

    def pipeline(source, sha, number, ref="refs/heads/main", **more):
        return world.keep(world.gitlab.run(source, sha, ref, iid=number, **more))

    def plan(iid, branch, source_project="42"):
        return pipeline(
            "merge_request_event", forge.merge_requests[iid]["sha"], 1, f"refs/heads/{branch}", CI_MERGE_REQUEST_IID=str(iid),
            CI_MERGE_REQUEST_PROJECT_ID="42", CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source_project)

    def merge(iid):
        sha = repository.merge(forge.merge_requests[iid]["sha"])
        forge.merge_requests[iid].update(state="merged", squash_commit_sha=sha)
        return sha

    iid = forge.merge_request(push("gitlab", broken="nowhere"))
    jobs = plan(iid, "gitlab")
    finding, = json.loads(world.gitlab.reports["gl-code-quality-report.json"])
    check(jobs["validate"].code == 1 and finding["location"]["path"] == file and "plan" not in jobs, "validated", jobs["validate"].log)
    head = forge.merge_requests[iid]["sha"] = push("gitlab")
    forge.note(iid, f"<!-- reconcile {file} digest={'f' * 64} head={head} -->", "somebody")
    for index in range(120):
        forge.note(iid, f"remark {index}", "somebody", system=index % 2 == 0)
    jobs = plan(iid, "gitlab")
    check(jobs["validate"].code == jobs["plan"].code == 0, "planned", jobs["plan"].log)
    head = forge.merge_requests[iid]["sha"] = push("gitlab", sales="helpdesk")
    jobs = plan(iid, "gitlab")
    notes = [each for each in forge.notes.values() if each["author"]["username"] == bot]
    check(jobs["plan"].code == 0 and len(notes) == 1, "one note", jobs["plan"].log)
    check(marker(notes[0])[::2] == (file, head) and "sales@gitlab.acme.example" in notes[0]["body"], "of the last push", notes)
    check(set(plan(iid, "gitlab", source_project="77")) == {"validate"}, "a fork is validated only")
    ok("GitLab: mistakes in a code quality report; one note, written anew in place, found behind 120; a fork is validated only")

    sha = merge(iid)
    job = pipeline("push", sha, 1)["apply"]
    check(job.code == 0 and "Applied as revision" in job.log and world.is_equal(file), "applied", job.log)
    check(job.settings["resource_group"] == f"reconcile-{file}", "one after the other", job.settings)
    before = world.account.state()
    job = pipeline("push", sha, 1)["apply"]
    check(job.code == 0 and "Already applied" in job.log and world.account.state() == before, "again", job.log)
    iid = forge.merge_request(push("gitlab-late", sales="archive"))
    plan(iid, "gitlab-late")
    forge.merge_requests[iid]["sha"] = push("gitlab-late", sales="archive", events="archive")
    job = pipeline("push", merge(iid), 2)["apply"]
    check(job.code == 3 and world.account.state() == before, "a late push is refused", job.log)
    digest = re.search(r"with its digest: ([0-9a-f]{64})", job.log)[1]
    job = pipeline("web", repository.main, 3, RECONCILE_DIGEST=digest)["apply"]
    check(job.code == 0 and world.is_equal(file), "by hand", job.log)
    ok("GitLab: a squash merge applies what was reviewed, again is harmless, a late push is refused, its digest applies it by hand")

    jobs = pipeline("schedule", repository.main, 4)
    check(set(jobs) == {"drift"} and jobs["drift"].code == 0, "no drift", jobs["drift"].log)
    world.account.redirect(world.account.aliases("gitlab.acme.example")[:1], "archive")
    job = pipeline("schedule", repository.main, 5)["drift"]
    check(job.code == 2 and "Its digest: " in world.gitlab.reports["reconcile-drift/comment.md"], "drift", job.log)
    ok("GitLab: the scheduled job fails when there is drift, and keeps the plan that takes it back")


def no_secrets(world, secrets):
    shown = world.shown + [("a comment, note or issue", each) for each in world.forge.said]
    shown += [*world.github.artifacts.items(), *world.github.caches.items(), *world.gitlab.reports.items()]
    for where, text in shown:
        for secret in secrets:
            check(secret not in text, f"{secret[:11]}... stands in {where}")
    check(not [file for _, _, files in os.walk(SCRATCH) for file in files if file == "pwned"], "somebody's text ran")
    ok(f"no key and no token in {len(shown)} logs, comments, issues, artifacts and saved states; nobody's text ran")


def install(tarball):
    with open(tarball + ".sha256") as file:
        checksum = file.read().split()[0]
    for given, code in ((checksum, 0), ("0" * 64, 1), ("", 1)):
        folder = f"{SCRATCH}/installed-{len(given)}-{given[:1]}-{code}"
        environment = {"PATH": PATH, "HOME": SCRATCH, "RECONCILE_URL": f"file://{tarball}", "RECONCILE_SHA256": given}
        ended = run("bash", f"{KIT}/shell/install", folder, cwd=SCRATCH, code=code, environment=environment)
        if code == 0:
            check(ended.stdout.startswith("reconcile ") and os.path.exists(f"{folder}/bin/reconcile"), "it runs", ended.stdout)
        else:
            check(not os.path.exists(folder) and "checksum" in ended.stderr and not ended.stdout, "nothing ran", ended.stderr)
    ok("scripts/package's tarball installs with its checksum, and with no other")


def pre_commit():
    folder = f"{SCRATCH}/hooks"
    os.makedirs(f"{folder}/bin")
    os.symlink(BINARY, f"{folder}/bin/reconcile")
    write(f"{folder}/reconcile.yaml", manifest({"support": "helpdesk"}))
    write(f"{folder}/reconcile.staging.yaml", manifest({"support": "nowhere"}))
    environment = {"PATH": f"{folder}/bin:{PATH}", "HOME": SCRATCH}
    # Without fmt, the help is the program's, and the exit code 0 all the same.
    has_fmt = "USAGE: reconcile fmt" in run(BINARY, "fmt", "--help", cwd=folder, code=None).stdout
    repo, = load(f"{KIT}/pre-commit/.pre-commit-config.yaml")["repos"]
    files = ("reconcile.yaml", "mail/reconcile.staging.yaml", "notreconcile.yaml", ".github/workflows/reconcile-plan.yml")
    for hook in repo["hooks"]:
        found = [bool(re.search(hook["files"], each)) for each in files]
        check(found == [True, True, False, False], f"{hook['id']} is for manifests only", found)
    entries = {hook["id"]: hook["entry"].split() for hook in repo["hooks"]}
    check(set(entries) == {"reconcile-validate", "reconcile-fmt"}, "two hooks", entries)
    run(*entries["reconcile-validate"], "reconcile.yaml", cwd=folder, environment=environment)
    run(*entries["reconcile-validate"], "reconcile.yaml", "reconcile.staging.yaml", cwd=folder, code=1, environment=environment)
    if has_fmt:
        ended = run(*entries["reconcile-fmt"], "reconcile.yaml", cwd=folder, code=None, environment=environment)
        check(ended.returncode in (0, 1), "fmt --check", ended.stdout, ended.stderr)
    ok("pre-commit: a good manifest passes, a broken one does not" + ("" if has_fmt else " (there is no reconcile fmt, its hook was not run)"))


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(f"{SCRATCH}/light/reconcile/bin")
    # Packing takes a while; until it is done, a tarball that only leads to the binary does.
    packing = subprocess.Popen(
        [f"{ROOT}/scripts/package", f"{SCRATCH}/dist"], env={**os.environ, "RECONCILE": BINARY}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        write(f"{SCRATCH}/light/reconcile/bin/reconcile", f'#!/bin/sh\nexec "{BINARY}" "$@"\n')
        os.chmod(f"{SCRATCH}/light/reconcile/bin/reconcile", 0o755)
        run("tar", "-czf", f"{SCRATCH}/light.tar.gz", "-C", f"{SCRATCH}/light", "reconcile", cwd=SCRATCH)
        repository = Repository()
        with Account() as account, Forge(repository.origin) as forge:
            world = World(account, forge, repository)
            reading = account.key_for("domains:read", "aliases:read", "webhooks:read", "api_keys:read", "webhooks:compare")
            writing = account.key_for("full")
            world.github.variables["EMAILCONNECT_URL"] = account.url
            world.github.secrets["EMAILCONNECT_API_KEY"] = reading
            world.github.environments["production"] = {"EMAILCONNECT_API_KEY": writing}
            set_up(repository, f"{SCRATCH}/light.tar.gz")
            merging(world, first_plans(world))
            late_push(world)
            drift(world)
            two_merges(world)
            fork(world)
            large(world)
            gitlab(world)
            no_secrets(world, [reading, writing, account.key, *forge.tokens])
        pre_commit()
        said = packing.communicate(timeout=300)[0]
        check(packing.returncode == 0, "scripts/package", said)
        install(said.split()[-1])
    finally:
        if packing.poll() is None:
            os.killpg(packing.pid, signal.SIGKILL)
        packing.communicate()


try:
    main()
except (Failed, Unknown) as failed:
    print(f"FAILED: {failed}", flush=True)
    sys.exit(1)

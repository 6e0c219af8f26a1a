"""The story of the GitLab kit, in the world of ci-kits.py."""
import json
import re

from ci_world import Store, check, manifest, marker, ok

FILE, BOT, DOMAIN = "mail/reconcile.yaml", "project_42_bot", "gitlab.acme.example"


class Project:
    """What people and GitLab do."""

    def __init__(self, world):
        self.world, self.forge, self.repository = world, world.forge, world.repository
        world.gitlab.variables = {
            "EMAILCONNECT_URL": world.account.url, "EMAILCONNECT_API_KEY": world.github.secrets["EMAILCONNECT_API_KEY"],
            "RECONCILE_GITLAB_TOKEN": self.forge.token(BOT, "User", api="write"), "MANIFEST": FILE}
        world.gitlab.protected = world.github.environments["production"]

    def push(self, branch, text="", more=None, **aliases):
        text = text or manifest({"support": "helpdesk", **aliases}, "gitlab/production", DOMAIN)
        return self.repository.commit(branch, {FILE: text, **(more or {})})

    def pipeline(self, source, sha, number, ref="refs/heads/main", **more):
        return self.world.keep(self.world.gitlab.run(source, sha, ref, iid=number, **more))

    def plan(self, iid, branch, source_project="42", sha=None, ref=None, **more):
        return self.pipeline(
            "merge_request_event", sha or self.forge.merge_requests[iid]["sha"], 1, ref or f"refs/heads/{branch}",
            CI_MERGE_REQUEST_IID=str(iid), CI_MERGE_REQUEST_PROJECT_ID="42", CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source_project, **more)

    def merge(self, iid):
        sha = self.repository.merge(self.forge.merge_requests[iid]["sha"])
        self.forge.merge_requests[iid].update(state="merged", squash_commit_sha=sha)
        return sha

    def notes(self, iid):
        return [each for each in self.forge.notes.values() if each["author"]["username"] == BOT and each["merge_request"] == iid]


def gitlab(world):
    project = Project(world)
    one_note(project)
    applies(project)
    strangers(project)
    token = commands(project)
    drift(project)
    return token


def one_note(project):
    world, forge = project.world, project.forge
    iid = forge.merge_request(project.push("gitlab", broken="nowhere"))
    jobs = project.plan(iid, "gitlab")
    finding, = json.loads(world.gitlab.reports["gl-code-quality-report.json"])
    check(jobs["validate"].code == 1 and finding["location"]["path"] == FILE and "plan" not in jobs, "validated", jobs["validate"].log)
    head = forge.merge_requests[iid]["sha"] = project.push("gitlab")
    forge.note(iid, f"<!-- reconcile {FILE} digest={'f' * 64} head={head} -->", "somebody")
    for index in range(120):
        forge.note(iid, f"remark {index}", "somebody", system=index % 2 == 0)
    jobs = project.plan(iid, "gitlab")
    check(jobs["validate"].code == jobs["plan"].code == 0, "planned", jobs["plan"].log)
    check([each.settings["interruptible"] for each in jobs.values()] == [True, True], "a newer push ends an older plan")
    head = forge.merge_requests[iid]["sha"] = project.push("gitlab", sales="helpdesk")
    jobs = project.plan(iid, "gitlab")
    note, = project.notes(iid)
    check(jobs["plan"].code == 0, "planned", jobs["plan"].log)
    check(marker(note)[::2] == (FILE, head) and f"sales@{DOMAIN}" in note["body"], "of the last push", note)
    check(set(project.plan(iid, "gitlab", source_project="77")) == {"validate"}, "a fork is validated only")
    ok("GitLab: mistakes in a code quality report; one note, written anew in place, found behind 120; a fork is validated only")

    # What GitLab runs may be a commit that it made: the merge's result.
    result, ref = project.repository.test_merge(iid, head), f"refs/pull/{iid}/merge"
    job = project.plan(iid, "gitlab", sha=result, ref=ref, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=head)["plan"]
    check(job.code == 0 and marker(project.notes(iid)[0])[2] == head, "a pipeline for merged results", job.log)
    before = dict(project.notes(iid)[0])
    jobs = project.plan(
        iid, "gitlab", sha=result, ref=ref, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=head, CI_MERGE_REQUEST_EVENT_TYPE="merge_train")
    check(set(jobs) == {"validate"} and project.notes(iid) == [before], "the plan that was reviewed still stands", jobs)
    ok("GitLab: merged results are planned; a merge train changes no plan that was reviewed")
    project.first = iid


def applies(project):
    world, forge = project.world, project.forge
    sha = project.merge(project.first)
    job = project.pipeline("push", sha, 1)["apply"]
    check(job.code == 0 and "Applied as revision" in job.log and world.is_equal(FILE), "applied", job.log)
    settings = {"resource_group": f"reconcile-{FILE}", "interruptible": False}
    check(job.settings == settings, "one after the other, and none ended early", job.settings)
    before = world.account.state()
    job = project.pipeline("push", sha, 1)["apply"]
    check(job.code == 0 and "Already applied" in job.log and world.account.state() == before, "again", job.log)
    iid = forge.merge_request(project.push("gitlab-late", sales="archive"))
    project.plan(iid, "gitlab-late")
    forge.merge_requests[iid]["sha"] = project.push("gitlab-late", sales="archive", events="archive")
    job = project.pipeline("push", project.merge(iid), 2)["apply"]
    check(job.code == 3 and world.account.state() == before, "a late push is refused", job.log)
    digest = re.search(r"with its digest: ([0-9a-f]{64})", job.log)[1]
    job = project.pipeline("web", project.repository.main, 3, RECONCILE_DIGEST=digest)["apply"]
    check(job.code == 0 and world.is_equal(FILE), "by hand", job.log)
    ok("GitLab: a squash merge applies what was reviewed, again is harmless, a late push is refused, its digest applies it by hand")


def strangers(project):
    world, forge = project.world, project.forge
    text = project.repository.git("show", f"main:{FILE}") + "\n"
    # A fork's merge request, about which the bot was made to say something.
    head = project.push("gitlab-fork", text.replace("Main domain", "The domain"))
    iid = forge.merge_request(head, source_project=77)
    project.plan(iid, "gitlab-fork")
    check(project.notes(iid), "the bot said something")
    before = world.account.state()
    job = project.pipeline("push", project.merge(iid), 4)["apply"]
    check(job.code == 3 and world.account.state() == before, "it does not count", job.log)
    digest = re.search(r"with its digest: ([0-9a-f]{64})", job.log)[1]
    job = project.pipeline("web", project.repository.main, 5, RECONCILE_DIGEST=digest)["apply"]
    check(job.code == 0 and world.is_equal(FILE), "by hand", job.log)

    text = text.replace("Main domain", "The domain")
    spy = "webhooks:\n  spy: { url: https://spy.example, headers: { X-Seen: { env: RECONCILE_GITLAB_TOKEN } } }"
    iid = forge.merge_request(project.push("gitlab-spy", text.replace("webhooks:", spy, 1)))
    jobs = project.plan(iid, "gitlab-spy")
    said = "RECONCILE_GITLAB_TOKEN is for reconcile itself, and goes nowhere"
    check(said in jobs["validate"].log and "plan" not in jobs, "no manifest may name the token", jobs["validate"].log)

    rules = project.repository.git("show", "main:reconcile-policy.yaml").replace("[", "[another.example, ")
    wanted = text.rstrip() + "\n  another.example: {}\n"
    iid = forge.merge_request(project.push("gitlab-loosen", wanted, {"reconcile-policy.yaml": rules}))
    job = project.plan(iid, "gitlab-loosen")["plan"]
    note, = project.notes(iid)
    check(job.code == 4 and "policy: " in note["body"] and marker(note)[1] == "none", "the default branch's policy", job.log)

    token = world.gitlab.variables.pop("RECONCILE_GITLAB_TOKEN")
    job = project.plan(iid, "gitlab-loosen")["plan"]
    world.gitlab.variables["RECONCILE_GITLAB_TOKEN"] = token
    check(job.code == 1 and "RECONCILE_GITLAB_TOKEN is not set" in job.log, "what is missing is named", job.log)
    ok("GitLab: no fork's plan counts, the token goes nowhere, a merge request cannot loosen the policy for itself")


def commands(project):
    """A new key that goes to the project's variables."""
    world, forge, store = project.world, project.forge, Store("glab")
    text = project.repository.git("show", f"main:{FILE}")
    key = "\napi_keys:\n  list:\n    scopes: [aliases:read]\n    deliver_to: { command: [glab, variable, set, LIST_KEY, --masked] }\n"
    iid = forge.merge_request(project.push("gitlab-key", text + key))
    check(project.plan(iid, "gitlab-key")["plan"].code == 0, "planned")
    job = project.pipeline("push", project.merge(iid), 6)["apply"]
    check(job.code == 4 and "--allow-commands" in job.log and store.is_empty(), "not asked for", job.log)
    path = ".gitlab-ci.yml"
    kit = project.repository.git("show", f"main:{path}") + "\n"
    line = re.search(r"# (RECONCILE_ALLOW_COMMANDS: \"true\")[^\n]*", kit)
    sha = project.repository.commit("main", {path: kit.replace(line[0], line[1])})
    digest = marker(project.notes(iid)[0])[1]
    job = project.pipeline("web", sha, 7, RECONCILE_DIGEST=digest)["apply"]
    check(job.code == 0 and world.is_equal(FILE), "asked for", job.log)
    token = store.token(world.account, "variable", "set", "LIST_KEY", "--masked")
    ok("GitLab: a new key goes to a program only where .gitlab-ci.yml says so")
    return token


def drift(project):
    world = project.world
    jobs = project.pipeline("schedule", project.repository.main, 8)
    check(set(jobs) == {"drift"} and jobs["drift"].code == 0, "no drift", jobs["drift"].log)
    world.account.redirect([each for each in world.account.aliases(DOMAIN) if each["name"] == "support"], "archive")
    job = project.pipeline("schedule", project.repository.main, 9)["drift"]
    check(job.code == 2 and "Its digest: " in world.gitlab.reports["reconcile-drift/comment.md"], "drift", job.log)
    ok("GitLab: the scheduled job fails when there is drift, and keeps the plan that takes it back")

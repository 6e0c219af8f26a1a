"""A stand-in for the parts of GitHub's and GitLab's APIs that examples/ci calls. Alone, it prints where it listens: forge.py
It answers as they do: status codes, fields, pages, limits. A token may do what its permissions say."""
import json
import re
import subprocess
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOT = "github-actions[bot]"


class Refused(Exception):
    def __init__(self, status, message, **more):
        self.status, self.body = status, {"message": message, **more}


class Forge:
    """One repository, acme/mail at GitHub and project 42 at GitLab, whose commits lie in a bare Git folder if one is given."""

    def __init__(self, folder=None, repository="acme/mail", project=42):
        self.folder, self.repository, self.project = folder, repository, str(project)
        self.tokens, self.issues, self.comments, self.labels = {}, {}, {}, {"bug"}
        self.merge_requests, self.notes, self.writes, self.said = {}, {}, [], []
        self.lock, self.last = threading.Lock(), 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"forge": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        self.last += 1
        return self.last

    # What people do, and what a forge does by itself.

    def token(self, login=BOT, kind="Bot", **permissions):
        """A token of somebody's: token(issues="write")."""
        text = f"forge_{len(self.tokens):04d}_{'x' * 24}"
        self.tokens[text] = {"id": 1000 + sum(map(ord, login)), "login": login, "type": kind, "permissions": permissions}
        return text

    def issue(self, title, login, body="", labels=(), **pull):
        number = self.next()
        self.issues[number] = {
            "number": number, "title": title, "body": body, "state": "open", "state_reason": None,
            "user": {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"},
            "labels": [{"name": name} for name in labels], **({"pull_request": {"merged_at": None}, **pull} if pull else {})}
        return number

    def pull(self, title, head, head_repository=None, login="somebody"):
        return self.issue(
            title, login, head={"sha": head, "repo": {"full_name": head_repository or self.repository}}, base={"ref": "main"},
            merged_at=None, merge_commit_sha=None)

    def merged(self, number, sha):
        self.issues[number].update(state="closed", merged_at="2026-01-01T00:00:00Z", merge_commit_sha=sha)

    def comment(self, number, body, login):
        identifier = self.next()
        self.comments[identifier] = {
            "id": identifier, "issue": number, "body": body, "user": {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}}
        return identifier

    def merge_request(self, head, source_project=None):
        iid = self.next()
        self.merge_requests[iid] = {
            "iid": iid, "source_project_id": int(source_project or self.project), "target_project_id": int(self.project),
            "state": "opened", "target_branch": "main", "sha": head, "merge_commit_sha": None, "squash_commit_sha": None}
        return iid

    def note(self, iid, body, login, system=False):
        identifier = self.next()
        author = {"id": 1000 + sum(map(ord, login)), "username": login}
        self.notes[identifier] = {"id": identifier, "merge_request": iid, "body": body, "system": system, "author": author}
        return identifier

    # What the APIs answer.

    def caller(self, headers):
        text = headers.get("PRIVATE-TOKEN") or headers.get("Authorization", "").removeprefix("Bearer ")
        return self.tokens.get(text)

    def may(self, caller, level, *names):
        order = ["none", "read", "write"]
        if not any(order.index(caller["permissions"].get(name, "none")) >= order.index(level) for name in names):
            raise Refused(403, "Resource not accessible by integration", status="403")

    def knows(self, sha):
        if self.folder and subprocess.run(["git", "-C", self.folder, "cat-file", "-e", sha + "^{commit}"], capture_output=True).returncode:
            raise Refused(422, f"No commit found for SHA: {sha}", status="422")

    def body(self, given, limit):
        if not isinstance(given.get("body"), str):
            raise Refused(422, "Validation Failed", errors=[{"code": "missing_field", "field": "body"}])
        # GitHub counts UTF-16 code units.
        if len(given["body"].encode("utf-16-le")) // 2 > limit:
            raise Refused(422, "Validation Failed", errors=[{"message": f"Body is too long (maximum is {limit} characters)"}])
        return given["body"]

    def github(self, method, path, query, given, headers):
        caller = self.caller(headers)
        if caller is None:
            raise Refused(401, "Bad credentials", status="401")
        prefix = f"/repos/{self.repository}"
        if not path.startswith(prefix + "/"):
            raise Refused(404, "Not Found", status="404")
        path = path.removeprefix(prefix)
        limit = 65_536
        if found := re.fullmatch(r"/issues/(\d+)/comments", path):
            number = int(found[1])
            issue = self.issues.get(number)
            names = ("issues", "pull-requests") if issue and issue.get("pull_request") else ("issues",)
            self.may(caller, "read" if method == "GET" else "write", *names)
            if issue is None:
                raise Refused(404, "Not Found", status="404")
            if method == "GET":
                return 200, self.page([each for each in self.comments.values() if each["issue"] == number], query, 30)
            if method == "POST":
                return 201, self.comments[self.comment(number, self.body(given, limit), caller["login"])]
        elif found := re.fullmatch(r"/issues/comments/(\d+)", path):
            self.may(caller, "write" if method == "PATCH" else "read", "issues", "pull-requests")
            comment = self.comments.get(int(found[1]))
            if comment is None:
                raise Refused(404, "Not Found", status="404")
            if method == "PATCH":
                comment["body"] = self.body(given, limit)
                return 200, comment
        elif (found := re.fullmatch(r"/commits/([0-9a-f]{40})/pulls", path)) and method == "GET":
            self.may(caller, "read", "pull-requests")
            self.knows(found[1])
            pulls = [each for each in self.issues.values() if each.get("pull_request")]
            return 200, self.page([each for each in pulls if found[1] in (each["merge_commit_sha"], each["head"]["sha"])], query, 30)
        elif path == "/issues" and method == "GET":
            self.may(caller, "read", "issues")
            wanted = set(filter(None, query.get("labels", "").split(",")))
            state = query.get("state", "open")
            chosen = [
                each for each in self.issues.values()
                if wanted <= {label["name"] for label in each["labels"]} and state in (each["state"], "all")]
            return 200, self.page(chosen[::-1], query, 30)
        elif path == "/issues" and method == "POST":
            self.may(caller, "write", "issues")
            self.labels |= set(given.get("labels", []))
            return 201, self.issues[self.issue(given["title"], caller["login"], self.body(given, limit), given.get("labels", []))]
        elif (found := re.fullmatch(r"/issues/(\d+)", path)) and method == "PATCH":
            self.may(caller, "write", "issues")
            issue = self.issues[int(found[1])]
            if "body" in given:
                issue["body"] = self.body(given, limit)
            issue.update({name: given[name] for name in ("state", "state_reason", "title") if name in given})
            return 200, issue
        elif path == "/labels" and method == "POST":
            self.may(caller, "write", "issues", "pull-requests")
            if given["name"] in self.labels:
                raise Refused(422, "Validation Failed", errors=[{"resource": "Label", "code": "already_exists", "field": "name"}])
            self.labels.add(given["name"])
            return 201, {"name": given["name"], "color": given["color"]}
        raise Refused(404, "Not Found", status="404")

    def gitlab(self, method, path, query, given, headers):
        caller = self.caller(headers)
        if caller is None or "api" not in caller["permissions"]:
            raise Refused(401, "401 Unauthorized")
        if path == "/user" and method == "GET":
            return 200, {"id": caller["id"], "username": caller["login"]}
        prefix = f"/projects/{self.project}"
        if not path.startswith(prefix + "/"):
            raise Refused(404, "404 Project Not Found")
        path = path.removeprefix(prefix)
        if (found := re.fullmatch(r"/repository/commits/([0-9a-f]{40})/merge_requests", path)) and method == "GET":
            each = self.merge_requests.values()
            return 200, self.page(
                [mr for mr in each if found[1] in (mr["sha"], mr["merge_commit_sha"], mr["squash_commit_sha"])], query, 20)
        if found := re.fullmatch(r"/merge_requests/(\d+)/notes(?:/(\d+))?", path):
            iid = int(found[1])
            if iid not in self.merge_requests:
                raise Refused(404, "404 Not found")
            if method == "GET" and not found[2]:
                chosen = [note for note in self.notes.values() if note["merge_request"] == iid]
                return 200, self.page(chosen if query.get("sort") == "asc" else chosen[::-1], query, 20)
            if method == "POST" and not found[2]:
                return 201, self.notes[self.note(iid, self.body(given, 1_000_000), caller["login"])]
            if method == "PUT" and found[2]:
                note = self.notes.get(int(found[2]))
                if note is None or note["merge_request"] != iid:
                    raise Refused(404, "404 Not found")
                if note["author"]["id"] != caller["id"]:
                    raise Refused(403, "403 Forbidden")
                note["body"] = self.body(given, 1_000_000)
                return 200, note
        raise Refused(404, "404 Not Found")

    @staticmethod
    def page(items, query, usual):
        size, page = min(int(query.get("per_page", usual)), 100), int(query.get("page", 1))
        return items[(page - 1) * size:page * size]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge = None

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        split = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(split.query))
        with self.forge.lock:
            try:
                given = json.loads(sent) if sent else {}
                if split.path.startswith("/api/v4/"):
                    answer = self.forge.gitlab(self.command, split.path.removeprefix("/api/v4"), query, given, self.headers)
                else:
                    answer = self.forge.github(self.command, split.path, query, given, self.headers)
                if self.command != "GET":
                    self.forge.writes.append(f"{self.command} {split.path}")
                    self.forge.said.append(sent.decode())
            except Refused as refused:
                answer = refused.status, refused.body
            except (ValueError, KeyError) as error:
                answer = 400, {"message": f"Problems parsing JSON: {error}"}
            # In several lines, as GitHub answers curl.
            body = json.dumps(answer[1], indent=2).encode()
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    stand_in = Forge()
    print(f"listening on {stand_in.url}", flush=True)
    print(f"token {stand_in.token(contents='read', issues='write', api='write', **{'pull-requests': 'write'})}", flush=True)
    stand_in.server.serve_forever()

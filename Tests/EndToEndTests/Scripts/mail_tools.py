"""What the scripts about mail drive: a server that can be killed, and an endpoint for its webhooks."""
import http.client, http.server, json, os, re, signal, subprocess, sys, threading

checks = 0

def check(what, isSo, seen=""):
    global checks
    checks += 1
    if not isSo:
        sys.exit(f"FAILED {what}: {seen}")

def finish():
    print(f"{checks} checks passed")

class Server:
    """A server on the database a.db of the current folder."""

    def __init__(self, binary, *arguments):
        self.binary, self.arguments, self.process = binary, arguments, None

    def start(self, *more):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--db", "a.db", "--port", "0", "--key-file", "key", "--no-rate-limits", "--smtp", "0", *self.arguments, *more],
            stdout=subprocess.PIPE, stderr=open("serve.log", "a"), text=True, env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        said = "".join(sorted(self.process.stdout.readline() for _ in "12"))
        found = re.search(r"listening for mail on 127.0.0.1:(\d+)\nlistening on https?://127.0.0.1:(\d+)/", said)
        check("the server listens", found, said + open("serve.log").read())
        self.smtp, self.port = map(int, found.groups())
        self.key = open("key").read().strip()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()

    def ask(self, method, path, body=None, type="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", "Content-Type": type})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text and text[:1] in b"{[" else text.decode()

    def make(self, path, value):
        status, made = self.ask("POST", path, json.dumps(value))
        check(f"POST {path}", status == 201, made)
        return made

class Endpoint:
    """Gets calls; `answer` says of each what is answered, from its headers: the status, and a text."""

    def __init__(self, answer=lambda headers: (204, "")):
        endpoint = self
        self.got, self.came = [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with endpoint.came:
                    status, text = answer(self.headers)
                    endpoint.got.append((self.path, dict(self.headers.items()), body, status))
                    endpoint.came.notify_all()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # The server was killed meanwhile.

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # As above.

        listener = Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{listener.server_port}"

    def wait(self, what, isSo, seconds=60):
        with self.came:
            check(what, self.came.wait_for(isSo, seconds), f"{len(self.got)} calls")

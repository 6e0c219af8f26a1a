"""A relay that counts bytes between a client and a server; it does not look at them."""
import socket
import threading
import urllib.parse


class Relay:
    def __init__(self, url):
        self.target = urllib.parse.urlsplit(url)
        self.sent = self.received = 0
        self.lock = threading.Lock()
        self.threads = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}{self.target.path}"
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection((self.target.hostname, self.target.port))
            for source, sink, counter in ((near, far, "sent"), (far, near, "received")):
                thread = threading.Thread(target=self.copy, args=(source, sink, counter), daemon=True)
                self.threads.append(thread)
                thread.start()

    def copy(self, source, sink, counter):
        while True:
            try:
                data = source.recv(1 << 16)
                if data:
                    sink.sendall(data)
            except OSError:
                data = b""
            if not data:
                # Half a connection is closed as it was, so that the other side notices.
                try:
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                return
            with self.lock:
                setattr(self, counter, getattr(self, counter) + len(data))

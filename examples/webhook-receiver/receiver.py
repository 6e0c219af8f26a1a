#!/usr/bin/env python3
"""Receives mail as webhook calls and prints a line for each: receiver.py [PORT]

WEBHOOK_SECRET has the webhook's signing secret; two with a space between while it is being changed.
WEBHOOK_CHECK=plain goes by X-EmailConnect-Signature alone, for a sender without the headers of Standard Webhooks.
It needs nothing but Python 3.9.
"""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time
import unicodedata

TOLERANCE = 300  # Seconds that a call may be old, or ahead.
LARGEST = 64 << 20  # Bytes: a message of 25 MiB, with its attachments in Base64.
REMEMBERED = 100_000  # Ids. Whoever acts on mail keeps them where a restart does not lose them.


class Refused(Exception):
    """Why a call is not taken."""


def secret_bytes(secret):
    """What Standard Webhooks signs with: `whsec_` and Base64 stands for the bytes that it encodes."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    encoded = secret[6:]
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4))


def is_same(one, other):
    """Takes as long for a signature that is nearly right as for any other."""
    return hmac.compare_digest(one.encode(), other.encode())


def verify(headers, body, secrets, now):
    """Checks Standard Webhooks' signature, over the id, the time, and the body as it came."""
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise Refused("webhook-timestamp is missing or no number")
    signed = f"{id}.{stamp}.".encode() + body
    codes = [hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest() for secret in secrets]
    wanted = ["v1," + base64.b64encode(code).decode() for code in codes]
    given = headers.get("webhook-signature", "").split(" ")
    if not any([is_same(one, other) for one in given for other in wanted]):
        raise Refused("the signature is another one; is WEBHOOK_SECRET the webhook's?")
    if abs(now - int(stamp)) > TOLERANCE:
        raise Refused("the call is too old, or the clocks differ")


def verify_plain(headers, body, secrets):
    """Checks X-EmailConnect-Signature, over the body as it came. It has no time: an old call looks like a new one."""
    given = headers.get("X-EmailConnect-Signature", "")
    if not any([is_same(given, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()) for secret in secrets]):
        raise Refused("the signature is another one; is WEBHOOK_SECRET the webhook's?")


def one_line(text):
    """Without what could be taken for another line, or for a command to the terminal."""
    return "".join("?" if unicodedata.category(letter) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") else letter for letter in text)


def line(email):
    """One line, whatever the sender has put into the header."""
    message = email["message"]
    sender = message["from"][0]["address"] if message["from"] else "nobody"
    return one_line(f"{email['recipient']} <- {sender}: {message['subject'] or '(no subject)'}")


def code_of(call):
    """The code of a call that asks whether this endpoint wants to be called; None for mail."""
    if call.get("type") != "webhook.verification":
        return None
    code = call["code"]
    # It goes into the answer: only what cannot be taken for anything else.
    if not (isinstance(code, str) and code.isascii() and code.isalnum() and len(code) <= 128):
        raise ValueError
    return code


class Mailbox:
    """What was taken, each once: the same email comes again when an answer was lost on its way."""

    def __init__(self, secrets, is_plain):
        self.secrets, self.is_plain = secrets, is_plain
        self.seen, self.lock = collections.OrderedDict(), threading.Lock()

    def take(self, headers, body):
        """What to answer with: the code of a verification, nothing to mail."""
        if self.is_plain:
            verify_plain(headers, body, self.secrets)
        else:
            verify(headers, body, self.secrets, time.time())
        email = json.loads(body)
        code = code_of(email)
        if code is not None:
            print(one_line(f"verified: {email['webhook']['id']} calls here"), flush=True)
            return code
        with self.lock:
            if email["id"] in self.seen:
                return ""
            print(line(email), flush=True)
            # Only now: what went wrong before this comes again.
            self.seen[email["id"]] = True
            if len(self.seen) > REMEMBERED:
                self.seen.popitem(last=False)
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30
    mailbox = None

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self.answer(411, "say how long the body is")
        if len(length) > 12 or int(length) > LARGEST:
            return self.answer(413, "the body is too large")
        body = self.rfile.read(int(length))
        try:
            answer = self.mailbox.take(self.headers, body)
        except Refused as refused:
            return self.answer(401, str(refused))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return self.answer(400, "the body is no email")
        self.answer(200 if answer else 204, answer)

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    secrets = os.environ.get("WEBHOOK_SECRET", "").split()
    if not secrets:
        sys.exit("error: WEBHOOK_SECRET is empty; set it to the webhook's signing secret")
    Handler.mailbox = Mailbox(secrets, os.environ.get("WEBHOOK_CHECK") == "plain")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8090), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}/", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass

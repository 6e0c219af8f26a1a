#!/usr/bin/env python3
"""A walk through the API with the requests package: requests_client.py [DOMAIN]

EMAILCONNECT_URL (it ends with /v1) and EMAILCONNECT_API_KEY come from the environment.
"""
import os
import sys
import time

import requests


def setting(name):
    value = os.environ.get(name)
    if not value:
        print(f"error: {name} is not set", file=sys.stderr)
        sys.exit(64)
    return value


URL = setting("EMAILCONNECT_URL").rstrip("/")
KEY = setting("EMAILCONNECT_API_KEY")


class Refused(Exception):
    pass


def call(method, path, body=None, *, key=KEY, expect=None, if_match=None, params=None):
    """Returns the response, if its status is the expected one, or any 2xx. Waits when the rate limit is reached."""
    headers = {"Authorization": f"Bearer {key}", "If-Match": if_match}
    for left in (3, 2, 1, 0):
        response = requests.request(method, URL + path, json=body, params=params, headers=headers, timeout=30)
        if response.status_code != 429 or left == 0:
            break
        wait = int(response.headers.get("Retry-After", 1))
        print(f"rate limited, waiting {wait} s", file=sys.stderr)
        time.sleep(wait)
    if response.status_code == expect or (expect is None and response.ok):
        return response
    raise Refused(f"{method} {path}: {response.status_code} {response.text}")


def walk(name, made):
    print(f"listed {call('GET', '/domains').json()['total']} domains")

    domain = call("POST", "/domains", {"name": name}).json()["id"]
    made.append(f"/domains/{domain}?cascade=true")
    print(f"created domain {domain}")

    body = {"domain_id": domain, "name": "support", "description": "Support ticket intake"}
    alias = call("POST", "/aliases", body).json()
    print(f"created alias {alias['id']}, {alias['address']}")

    body = {"alias_id": alias["id"], "url": "https://your-app.com/webhook", "headers": {"X-Custom-Header": "value"}}
    webhook = call("POST", "/webhooks", body).json()
    made.append(f"/webhooks/{webhook['id']}")
    print(f"created webhook {webhook['id']}, attached to {webhook['alias_ids'][0]}")

    page = call("GET", "/aliases", params={"page": 1, "limit": 100}).json()
    print(f"page {page['page']} has {len(page['data'])} of {page['total']} aliases")

    operations = [  # all or nothing
        {"action": "create", "data": {"domain_id": domain, "name": "sales"}},
        {"action": "create", "data": {"domain_id": domain, "name": "billing"}},
        {"action": "update", "data": {"id": alias["id"], "description": "Tickets"}},
    ]
    results = call("POST", "/aliases/batch", {"operations": operations}).json()["results"]
    print("batch: " + ", ".join(f"{result['status']} {result['id']}" for result in results))

    # If-Match: the change is made only to the version that was read, so that nobody else's change is lost.
    path = f"/aliases/{alias['id']}"
    etag = call("GET", path).headers["ETag"]
    changed = call("PATCH", path, {"description": "Support tickets"}, if_match=etag)
    print(f"changed alias {alias['id']} from {etag} to {changed.headers['ETag']}")
    stale = call("PATCH", path, {"description": "Too late"}, if_match=etag, expect=412)
    print(f"the same If-Match again: {stale.status_code} {stale.json()['code']}")

    # A cursor does not skip or repeat anything while others write, as page numbers can.
    pages, count, params = 0, 0, {"limit": 2}
    while params:
        page = call("GET", "/aliases", params=params).json()
        pages, count, cursor = pages + 1, count + len(page["data"]), page.get("next_cursor")
        params = {"limit": 2, "cursor": cursor} if page["has_more"] and cursor else None
    print(f"walked {count} aliases (pages: {pages})")

    key = call("POST", "/api-keys", {"name": "Reads aliases", "scopes": ["aliases:read"]}).json()
    path, token = f"/api-keys/{key['id']}", key["api_key"]  # shown this once
    made.append(path)
    print(f"created key {key['id']}, {token[:11]}...")
    print(f"that key reads {call('GET', '/aliases', key=token).json()['total']} aliases")
    token = call("POST", path + "/rotate").json()["api_key"]  # the older one stays valid for a day
    print(f"rotated key {key['id']}, {token[:11]}...")
    call("POST", path + "/revoke")
    print(f"revoked key {key['id']}: {call('GET', '/aliases', key=token, expect=401).status_code}")
    print(f"requests left: {call('GET', '/domains').headers.get('X-RateLimit-Remaining', 'n/a')}")


if __name__ == "__main__":
    made = []  # whatever happens, it goes: first the domain with its aliases, then the webhook that they used
    try:
        try:
            walk(sys.argv[1] if len(sys.argv) > 1 else "acme.example", made)
        finally:
            for path in made:
                call("DELETE", path)
                print(f"deleted {path.split('?')[0]}")
    except (Refused, requests.RequestException) as error:
        sys.exit(f"error: {error}")

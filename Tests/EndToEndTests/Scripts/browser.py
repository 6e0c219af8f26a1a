#!/usr/bin/env python3
"""Uses the server's web pages in Chromium, as somebody would, and checks what they show and what they refuse.

  browser.py BINARY FOLDER SWAGGER_UI

Needs chromium and chromedriver, and Python's selenium and requests. FOLDER gets the databases and pictures of the pages;
SWAGGER_UI is the folder of Swagger UI's files. Prints a line for each check; ends with 1 at the first that does not hold.
"""
import contextlib
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import requests
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.dont_write_bytecode = True
from browser_tools import Browser, Failed, Server  # noqa: E402

KEYS, MAIL, ACTIVITY = "/settings/api-keys", "/settings/mail", "/settings/activity"
TABS = {KEYS: "API Keys", "/settings/domains": "Domains", "/settings/webhooks": "Webhooks", MAIL: "Mail", ACTIVITY: "Activity"}
CREATE = f"form[action='{KEYS}'] button"
COOKIE = "reconcile_session"
HOSTILE = '"><img src=x onerror=alert(1)>'
LONG = "n" * 120
passed = 0


def check(sentence, holds, found=None):
    global passed
    if not holds:
        raise Failed(f"not so: {sentence}" + ("" if found is None else f"; found {found}"))
    passed += 1
    print(f"ok: {sentence}", flush=True)


def logging_in(browser, server):
    browser.open("/settings")
    check("/settings leads to /login", browser.path == "/login", browser.path)
    browser.picture("login")
    for key in (server.key[:-8] + "x" * 8, server.key):
        browser.one("#key").send_keys(key)
        browser.leave("main button")
        if key != server.key:
            check("a wrong key is refused on the page", browser.path == "/login" and browser.text(".problem"), browser.text("body"))
    check("the first key logs in", browser.path == KEYS, browser.path)
    cookie = browser.get_cookie(COOKIE)
    check("the cookie is HttpOnly and SameSite=Strict", cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie)
    browser.leave("header button")
    check("logging out leads to /login", browser.path == "/login" and not browser.get_cookie(COOKIE), browser.path)
    old = server.ask("GET", KEYS, cookies={COOKIE: cookie["value"]})
    check("the cookie of before is worth nothing", old.headers.get("Location") == "/login", old.status_code)

    link = server.link()
    server.ask("GET", link)
    browser.open(link)
    check("opening a link does not log in", browser.path == link and not browser.get_cookie(COOKIE), browser.path)
    browser.leave("main button")
    check("its button does, though the link was opened before", browser.path == KEYS, browser.path)
    browser.open(link)
    browser.leave("main button")
    check("a link that was used is refused", "used already" in browser.text(".problem"))
    found = browser.complaints()
    check("the console has the two refusals, and nothing else", len(found) == 2 and all("/login - " in one for one in found), found)


def keys(browser, server):
    browser.open(KEYS)
    browser.tab_to("main summary")
    browser.type(Keys.ENTER)
    browser.tab_to("#name")
    browser.type("reports")
    browser.tab_to("[name=access]")
    browser.type(Keys.ARROW_DOWN)
    for scope in ("domains:read", "aliases:read"):
        browser.tab_to(f"[value='{scope}']")
        browser.type(Keys.SPACE)
    browser.picture("api-keys-form")
    browser.tab_to(CREATE)
    browser.leave(CREATE, lambda: browser.type(Keys.ENTER))
    old = browser.text("#new-key")
    check("the keyboard alone makes a key that works", server.statuses("/v1/domains", old) == [200])
    check("the key has no other scopes than the chosen ones", server.statuses("/v1/webhooks", old) == [403])
    browser.picture("api-keys-token")
    browser.open(KEYS)
    check("its token is shown once", browser.rows("reports") and old not in browser.page_source)
    row = browser.rows("reports")[0].text
    check("the page shows its scopes and its last use", "aliases:read, domains:read" in row and "127.0.0.1" in row, row)
    browser.open(ACTIVITY)
    check("Activity shows its use", "domains:read" in browser.rows("reports")[0].text)

    def act(action):
        browser.open(KEYS)
        browser.rows("reports")[0].find_element(By.XPATH, f".//summary[.='{action}']").click()
        browser.leave("td details[open] button")
    act("Rotate")
    new = browser.text("#new-key")
    statuses = server.statuses("/v1/domains", old, new)
    check("a rotated key has a new token, and the old one still works", new != old and statuses == [200, 200], statuses)
    act("Revoke")
    check("a revoked key's tokens end at once", server.statuses("/v1/domains", old, new) == [401, 401])
    check("the page says that it is revoked", "revoked" in browser.rows("reports")[0].text)


def post(server, to, subject):
    answer = server.ask(
        "POST", "/v1/emails", server.key, {"Content-Type": "message/rfc822"}, data=f"From: {HOSTILE}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nx")
    answer.raise_for_status()
    return answer.json()["data"][0]["id"]


def mail(browser, server):
    # No server sends there, so that an attempt fails at once.
    webhook = server.ask("POST", "/v1/webhooks", server.key, json={"url": "https://192.0.2.1/"}).json()["id"]
    server.ask("POST", "/v1/domains", server.key, json={"name": "mail.example", "webhook_id": webhook}).raise_for_status()
    email = post(server, "support@mail.example", "It does not start")

    def attempts(count):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = server.ask("GET", f"/v1/emails/{email}", server.key).json()["deliveries"]
            if len(found) >= count:
                return len(found)
            time.sleep(0.05)
        return 0
    check("an attempt is made", attempts(1) == 1)
    browser.open(MAIL)
    row = browser.rows("It does not start")[0].text
    check("Mail shows it with its attempt", all(part in row for part in ("support@mail.example", "queued", "address refused")), row)
    browser.leave("form[action$='/replay'] button")
    check("Replay tries it again", attempts(2) >= 2)
    browser.picture("mail")
    # One that wants no more, and is suspended at once.
    gone = server.ask("POST", "/v1/webhooks", server.key, json={"name": "gone", "url": endpoint(410)}).json()["id"]
    ok = server.ask("POST", "/v1/webhooks", server.key, json={"name": "ok", "url": endpoint(204)}).json()["id"]
    for name, id in (("gone", gone), ("ok", ok)):
        server.ask("POST", "/v1/aliases", server.key, json={"domain": "mail.example", "name": name, "webhook_id": id}).raise_for_status()
        email = post(server, f"{name}@mail.example", name)
        check(f"an attempt at {name}", attempts(1) == 1)
    server.ask("POST", "/v1/aliases", server.key, json={"domain": "mail.example", "name": "off", "enabled": False}).raise_for_status()
    post(server, "off@mail.example", "swallowed")


def endpoint(status):
    """The URL of a server that answers every call with one status."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{listener.server_port}/"


def chart(browser, server):
    browser.open(MAIL)
    drawings = browser.all("svg[role=img]")
    words = [browser.execute_script("return document.getElementById(arguments[0].getAttribute('aria-labelledby').split(' ')[1]).textContent", one)
             for one in drawings]
    check("two drawings say in words what they show", len(words) == 2 and all(" in the last 24 hours: " in one for one in words), words)
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        fills = browser.execute_script(
            "return [...document.querySelectorAll('svg rect')].map(e => [getComputedStyle(e).fill, getComputedStyle(e.closest('svg')).backgroundColor])")
        check(f"the bars are there to see where it is {scheme}", fills and all(contrast(*one) >= 3 for one in fills), fills)
        browser.picture(f"chart-{scheme}")
    browser.scheme("light")
    high = browser.execute_script("return Math.max(...[...document.querySelectorAll('svg g')].map(e => e.getBoundingClientRect().height))")
    check("the highest bar is as high as the drawing", 90 < high < 130, high)
    browser.one(".charts summary").click()
    check("the numbers are in a table", "1 delivered" in browser.text(".charts table"))
    browser.leave(".charts a")
    check("a month can be seen", "last 30 days" in browser.text(".charts"), browser.text(".charts"))
    browser.size(360)
    browser.picture("chart-month-360")
    check("it fits into 360 px", browser.width() <= 360, browser.width())
    browser.size(1280)


def contrast(*colors):
    """How different two colours are. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    def light(color):
        parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    darker, lighter = sorted(map(light, colors))
    return (lighter + 0.05) / (darker + 0.05)


def health(browser, server):
    browser.open("/settings/webhooks")
    row = browser.rows("gone")[0].text
    check("Webhooks shows what failed", "suspended" in row and "failed in a row" in row, row)
    browser.rows("gone")[0].find_element(By.TAG_NAME, "summary").click()
    check("and how", "answered 410" in browser.rows("gone")[0].text, browser.rows("gone")[0].text)
    browser.picture("webhooks-suspended")
    browser.leave("form[action$='/resume'] button")
    check("Resume ends the suspension", "enabled" in browser.rows("gone")[0].text, browser.rows("gone")[0].text)


def names(browser, server):
    for name in (HOSTILE, LONG):
        made = server.ask("POST", "/v1/api-keys", server.key, json={"name": name, "scopes": ["domains:read"]}).json()
        server.statuses("/v1/domains", made["api_key"])
    for path, body in (
        ("/v1/domains", {"name": "example.com", "description": HOSTILE}),
        ("/v1/domains", {"name": f"{LONG[:63]}.{LONG[:63]}.example", "description": LONG}),
        ("/v1/webhooks", {"name": HOSTILE, "description": LONG, "url": f"https://hooks.example/{LONG}"}),
    ):
        server.ask("POST", path, server.key, json=body).raise_for_status()
    post(server, f"{LONG[:60]}@example.com", HOSTILE)
    for path, name in TABS.items():
        browser.open(path)
        check(f"HTML in a name is text on {name}", HOSTILE in browser.text() and not browser.all("main img"))
    browser.open(KEYS)
    browser.one("main summary").click()
    browser.one("#name").send_keys(HOSTILE)
    browser.one("#addresses").send_keys("nowhere")
    browser.leave(CREATE)
    kept = browser.one("#name").get_attribute("value")
    check("a form that is refused says why, and keeps what was typed", browser.text(".problem") and kept == HOSTILE, kept)
    found = browser.complaints()
    check("the console has the refusal, and nothing else", len(found) == 1 and "400" in found[0], found)


def layout(browser, _):
    for path, name in TABS.items():
        browser.open(path)
        here = [(tab.get_attribute("aria-current"), tab.text) for tab in browser.all("nav [aria-current]")]
        headings = [heading.text for heading in browser.all("h1")]
        check(f"{name} has its one heading, and is its tab", headings == [name] and here == [("page", name)], (headings, here))
        check(f"the tables of {name} have captions", 0 < len(browser.all("table")) == len(browser.all("table > caption")))
        bare = browser.execute_script(
            "return [...document.querySelectorAll('input:not([type=hidden]), select')].filter(e => !e.labels.length).map(e => e.name)")
        check(f"the fields of {name} have labels", not bare, bare)
        browser.scheme("dark")
        paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        check(f"{name} is dark where the reader's system is", all(int(part) < 64 for part in re.findall(r"\d+", paper)), paper)
        browser.picture(f"{path[10:]}-dark")
        browser.scheme("light")
        for width in (1280, 360):
            browser.size(width)
            browser.picture(f"{path[10:]}-{width}")
            browser.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
            check(f"{name} fits into {width} px", browser.width() <= width, browser.width())
        browser.size(1280)


def reference(browser, _):
    browser.open("/docs")
    place = "#operations-Domains-listDomains"
    browser.one(place)
    check("/docs lists the operations", len(browser.all(".opblock")) > 30)
    browser.picture("docs")
    for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
        browser.one(f"{place} {button}").click()
    answer = browser.text(f"{place} .live-responses-table tr.response")
    check("an operation that is tried there is done as who is logged in", answer.startswith("200") and "example.com" in answer, answer)
    found = browser.complaints()
    check("the console has nothing else of any page", not found, found)
    browser.execute_script("const e = document.createElement('script'); e.text = 'window.ran = 1'; document.body.append(e)")
    refused = any("Content Security Policy" in one for one in browser.complaints())
    check("a script that gets into a page does not run", refused and not browser.execute_script("return window.ran"))


def plain_reference(browser, server):
    browser.open("/docs")
    browser.one("#key").send_keys(server.key)
    browser.leave("main button")
    browser.open("/docs")
    routes, empty = len(browser.all("article h3")), [part for part in browser.all("main pre") if not part.text]
    check("without Swagger UI /docs is a list in HTML", routes > 30 and not browser.all("script"), routes)
    check("each example in it has a text", not empty, f"{len(empty)} without")
    browser.size(360)
    browser.picture("docs-plain-360")
    check("it fits into 360 px, and leaves the console empty", browser.width() <= 360 and not browser.complaints(), browser.width())


def forgery(browser, server):
    """What a page of somebody else can make the browser send."""
    browser.open(KEYS)
    cookies = {COOKIE: browser.get_cookie(COOKIE)["value"]}
    token = browser.one("[name=pageToken]").get_attribute("value")

    def post(token, **headers):
        form = {"name": "forged", "access": "full", "pageToken": token}
        return server.ask("POST", KEYS, cookies=cookies, data=form, headers=headers).status_code
    check("a form without the page's token is refused", [post(None), post(""), post("0" * 64)] == [403, 403, 403])
    check("a form of another site is refused", [post(token, Origin=origin) for origin in ("https://evil.example", "null")] == [403, 403])
    check("a form under a foreign name is refused", post(token, Host="evil.example") == 403)
    pages = [server.ask("GET", path, cookies=cookies, headers={"Host": "evil.example"}).status_code for path in (*TABS, "/docs", "/login")]
    check("no page is shown under a foreign name", set(pages) == {403}, pages)
    check("the API takes no cookie without the page's token", server.ask("GET", "/v1/domains", cookies=cookies).status_code == 401)
    check("none of this made a key", "forged" not in server.ask("GET", "/v1/api-keys", server.key).text)
    check("the same form from the page itself is taken", post(token, Origin=server.url) == 200)


def run(binary, folder, swagger):
    # A program finds Swagger UI's files in the folders around it.
    os.makedirs(f"{folder}/lone/bin", exist_ok=True)
    lone = shutil.copy(binary, f"{folder}/lone/bin/reconcile")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(binary, f"{folder}/server", "--swagger-ui", swagger, "--allow-webhook-net", "127.0.0.0/8"))
        plain = stack.enter_context(Server(lone, f"{folder}/plain"))
        browser = stack.enter_context(Browser(folder, server.url))
        try:
            for part in (logging_in, keys, names, mail, chart, health, layout, reference, forgery):
                part(browser, server)
            browser.url = plain.url
            plain_reference(browser, plain)
        except (Failed, WebDriverException):
            with contextlib.suppress(WebDriverException):
                browser.picture("failed")
            raise


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(*map(os.path.abspath, sys.argv[1:]))
    except Failed as failure:
        sys.exit(f"error: {failure}")
    except WebDriverException as failure:
        sys.exit(f"error: {type(failure).__name__}: {failure.msg}")
    except (requests.RequestException, subprocess.SubprocessError, OSError) as failure:
        sys.exit(f"error: {type(failure).__name__}: {failure}")
    print(f"{passed} checks passed")

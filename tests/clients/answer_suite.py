"""A person who answers what clients ask by the back channel, for the OpenID Foundation's conformance suite.

The suite calls the address in `automated_ciba_approval_url` of its configuration; a moment later the person signs in
and answers everything on the hub's page of requests. Arguments: the issuer of the hub, the authority (PEM) that
vouches for its certificate, and a port of this machine. Standard input: { login, password }.
"""

import html
import http.cookiejar
import http.server
import json
import re
import ssl
import sys
import threading
import urllib.parse
import urllib.request

MOMENT = 1.0  # seconds in which the suite gets ready to be told


class Browser:
    """Forms and cookies, and no script."""

    def __init__(self, issuer, authority):
        self.issuer = issuer
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        self.opener.addheaders = [("Accept", "text/html"), ("Accept-Language", "en")]

    def open(self, path):
        return self.opener.open(urllib.parse.urljoin(self.issuer, path)).read().decode()

    def post(self, form, **typed):
        address, fields = form
        body = urllib.parse.urlencode({**fields, **typed}).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self.issuer, address), body, {"Origin": self.issuer})
        return self.opener.open(request).read().decode()


def forms(page, action):
    """The forms of a page that go to an address with `action` in it, each with its hidden fields."""
    for address, inside in re.findall(r'<form[^>]* action="([^"]*)"[^>]*>(.*?)</form>', page, re.S):
        if action in address:
            fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside)
            yield html.unescape(address), {html.unescape(name): html.unescape(value) for name, value in fields}


def answer(issuer, authority, person, decision):
    browser = Browser(issuer, authority)
    for form in forms(browser.open("/account/requests"), "/signin"):
        browser.post(form, **person)
        break
    answered = 0
    for form in forms(browser.open("/account/requests"), "/account/requests"):
        browser.post(form, decision=decision)
        answered += 1
    print(f"{decision}: {answered}", flush=True)


def main(issuer, authority, port):
    person = json.load(sys.stdin)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            decision = "allow" if asked.get("action") == ["allow"] else "deny"
            threading.Timer(MOMENT, answer, [issuer, authority, person, decision]).start()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


main(*sys.argv[1:])

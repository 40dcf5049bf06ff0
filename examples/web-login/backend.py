"""A web backend that signs users in with MSAL and registers each at the first
sign-in. Settings are those of out/web-login/.env, in the environment:

    ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET   the registration
    ENTRA_AUTHORITY                        default: users of any organization
    PORT                                   default 8080; 0 is a free port
"""

import html
import os
import secrets
import sqlite3
import urllib.parse
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msal

application = msal.ConfidentialClientApplication(
    os.environ["ENTRA_CLIENT_ID"],
    client_credential=os.environ["ENTRA_CLIENT_SECRET"],
    authority=os.environ.get("ENTRA_AUTHORITY", "https://login.microsoftonline.com/organizations"),
)

# One entry for each browser, by the value of its cookie: the flow of its sign-in
# (state, nonce, PKCE verifier), which nobody else may end, then the user.
sessions = {}

users = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
# Only the two ids together identify a user permanently; names can change.
users.execute("CREATE TABLE users (tid TEXT, oid TEXT, name TEXT, visits INTEGER, PRIMARY KEY (tid, oid))")


def register(claims):
    row = users.execute(
        "INSERT INTO users VALUES (?, ?, ?, 1) "
        "ON CONFLICT (tid, oid) DO UPDATE SET name = excluded.name, visits = visits + 1 RETURNING visits",
        (claims["tid"], claims["oid"], claims.get("name")),
    ).fetchone()
    return row[0]


class Backend(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        pages = {"/": self.home, "/api/oauthlogin": self.login, "/api/oauthtoken": self.redeem, "/api/health": self.health}
        pages.get(path, self.nowhere)(dict(urllib.parse.parse_qsl(query)))

    def login(self, _):
        cookie = secrets.token_urlsafe(32)
        flow = application.initiate_auth_code_flow(["email"], redirect_uri=f"http://localhost:{self.server.server_port}/api/oauthtoken")
        sessions[cookie] = {"flow": flow}
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Set-Cookie", f"session={cookie}; HttpOnly; SameSite=Lax; Path=/")
        self.send_header("Location", flow["auth_uri"])
        self.end_headers()

    def redeem(self, answer):
        session = self.session()
        flow = session.pop("flow", None)
        if flow is None:
            return self.say(HTTPStatus.BAD_REQUEST, "There is no sign-in of yours to end.")
        try:
            result = application.acquire_token_by_auth_code_flow(flow, answer)
        except ValueError:  # the state belongs to another sign-in
            return self.say(HTTPStatus.BAD_REQUEST, "This answer belongs to another sign-in.")
        if "error" in result:
            print("sign-in failed:", result["error"], result.get("error_description", ""), flush=True)
            return self.say(HTTPStatus.UNAUTHORIZED, "The sign-in failed.")
        claims = result["id_token_claims"]
        session["user"], session["visits"] = claims, register(claims)
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", "/")
        self.end_headers()

    def home(self, _):
        session = self.session()
        if "user" not in session:
            return self.say(HTTPStatus.OK, "Nobody is signed in.")
        claims = session["user"]
        visits = "registered just now" if session["visits"] == 1 else f"sign-in {session['visits']}"
        self.say(HTTPStatus.OK, f"Welcome {claims.get('name')}, {claims.get('upn', claims.get('preferred_username'))}: {visits}.")

    def health(self, _):
        self.say(HTTPStatus.OK, "ok")

    def nowhere(self, _):
        self.say(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def session(self):
        cookie = SimpleCookie(self.headers.get("Cookie")).get("session")
        return sessions.get(cookie.value, {}) if cookie else {}

    def say(self, status, text):
        body = f'<!doctype html><link rel="icon" href="data:,"><title>Web login</title><p>{html.escape(text)}</p>'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass  # a request line can contain a code


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Backend)
    # The socket is bound now, so that the server answers a browser immediately.
    print(f"open http://localhost:{server.server_port}/api/oauthlogin", flush=True)
    server.serve_forever()

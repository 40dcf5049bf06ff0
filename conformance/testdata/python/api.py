"""A correct API on Python's own HTTP server, or on Flask.

The first argument names what it is made of; the environment says whose tokens
it takes.
"""

import json
import os
import ssl
import sys
import threading
import time
import urllib.request

ISSUER = os.environ["ISSUER"]
AUDIENCES = os.environ["AUDIENCE"].split(" ")
REQUIRES = json.loads(os.environ["REQUIRES"])


def pyjwt():
    import jwt

    keys = jwt.PyJWKClient(os.environ["JWKS_URI"])

    def verify(token):
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=AUDIENCES,
            issuer=ISSUER,
            options={"require": ["exp", "iss", "aud"]},
        )

    return verify


def python_jose():
    """python-jose fetches no keys: the program does, when it lacks one, and not too often."""
    from jose import jwt

    keys, fetched = {}, -float("inf")
    pause = float(sys.argv[3] if len(sys.argv) > 3 else 50) / 1000
    fetching = threading.Lock()

    def key(kid):
        if kid not in keys:
            with fetching:  # requests that arrive meanwhile wait for the answer
                fetch(kid)
        return keys[kid]

    def fetch(kid):
        nonlocal keys, fetched
        if kid in keys or time.monotonic() - fetched <= pause:
            return
        fetched = time.monotonic()
        with urllib.request.urlopen(os.environ["JWKS_URI"], context=ssl.create_default_context()) as answer:
            found = {one["kid"]: one for one in json.load(answer)["keys"]}
        keys = found or keys

    def verify(token):
        found = key(jwt.get_unverified_header(token)["kid"])
        claims = jwt.decode(token, found, algorithms=["RS256"], issuer=ISSUER, options={"verify_aud": False, "require_exp": True})
        if claims.get("aud") not in AUDIENCES:
            raise ValueError("another audience")
        return claims

    return verify


verify = {"jwt": pyjwt, "jose": python_jose}[sys.argv[2]]()


def is_application(claims):
    if "idtyp" in claims:
        return claims["idtyp"] == "app"
    return not claims.get("scp") and claims.get("oid") == claims.get("sub")


def allowed(claims, scopes=(), anyRole=(), allRoles=(), callers=()):
    scp = claims.get("scp")
    held = scp.split() if isinstance(scp, str) else []
    roles = claims.get("roles")
    roles = roles if isinstance(roles, list) else []
    application = is_application(claims)
    callers = callers or (["users"] if scopes else ["users", "applications"])
    return (
        ("applications" if application else "users") in callers
        and (application or all(scope in held for scope in scopes))
        and (not anyRole or any(role in roles for role in anyRole))
        and all(role in roles for role in allRoles)
    )


def respond(method, path, authorization):
    """Returns status, body and whether to challenge."""
    route = f"{method} {path}"
    if route == "GET /health":
        return 200, {"status": "ok"}
    if route not in REQUIRES:
        return 404, {"detail": "Not found"}
    scheme, _, token = (authorization or "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise ValueError("no token")
        claims = verify(token.strip())
    except Exception:  # every error of a token or its key
        return 401, {"detail": "Unauthorized"}
    if not allowed(claims, **REQUIRES[route]):
        return 403, {"detail": "Forbidden"}
    return 200, {"status": "ok"}


def challenge(status):
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {}


def plain():
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # sends headers and body in one packet

        def serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            status, body = respond(self.command, self.path.split("?")[0], self.headers.get("Authorization"))
            raw = b"" if self.command == "HEAD" else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **challenge(status)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = serve

        def log_message(self, *args):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def flask():
    import logging

    from flask import Flask, jsonify, request
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").disabled = True
    app = Flask(__name__)

    @app.before_request
    def serve():
        status, body = respond(request.method, request.path, request.headers.get("Authorization"))
        return jsonify(body), status, challenge(status)

    return make_server("127.0.0.1", 0, app, threaded=True)


server = {"http": plain, "flask": flask}[sys.argv[1]]()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()

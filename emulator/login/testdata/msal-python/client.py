"""A program with MSAL Python in it. It reads a JSON object a line, first its
configuration, then what to do, and answers each with one on standard output."""

import json
import sys

import msal


class Client:
    def __init__(self, authority, client, secret=None, certificate=None):
        credential = secret
        if certificate:
            credential = {"private_key": certificate["key"], "thumbprint": certificate["thumbprint"]}
        kind = msal.ConfidentialClientApplication if credential else msal.PublicClientApplication
        more = {"client_credential": credential} if credential else {}
        self.app = kind(client, authority=authority, instance_discovery=False, **more)

    def signIn(self, scopes, redirect):
        self.flow = self.app.initiate_auth_code_flow(scopes, redirect_uri=redirect)
        return {"url": self.flow["auth_uri"]}

    def redeem(self, response):
        return self.told(self.app.acquire_token_by_auth_code_flow(self.flow, response))

    def silent(self, scopes, force=False):
        account = self.app.get_accounts()[0]
        return self.told(self.app.acquire_token_silent_with_error(scopes, account=account, force_refresh=force))

    def application(self, scopes):
        return self.told(self.app.acquire_token_for_client(scopes))

    def behalf(self, scopes, assertion):
        return self.told(self.app.acquire_token_on_behalf_of(assertion, scopes))

    def device(self, scopes):
        flow = self.app.initiate_device_flow(scopes)
        if "user_code" not in flow:
            return self.told(flow)
        answer({"userCode": flow["user_code"], "url": flow["verification_uri"], "message": flow["message"]})
        return self.told(self.app.acquire_token_by_device_flow(flow))

    def told(self, result):
        if "error" in result:
            return {"error": result["error"], "message": result.get("error_description", ""), "suberror": result.get("suberror", "")}
        account = (self.app.get_accounts() or [{}])[0]
        return {
            "accessToken": result["access_token"],
            "idToken": result.get("id_token", ""),
            "scopes": result.get("scope", "").split(),
            "account": account.get("home_account_id", ""),
            "username": account.get("username", ""),
        }


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    client = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if client is None:
                client = Client(**asked)
                answer({})
            else:
                answer(getattr(client, asked.pop("do"))(**asked))
        except Exception as e:  # the test checks every exception
            answer({"error": type(e).__name__, "message": str(e)})


main()

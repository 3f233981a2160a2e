"""PyPI Authlib as a relying party. One step a call; the person's browser is the test's.

Standard input: {"step", "issuer", "client", ...what the step needs}. Standard output: JSON.
"""

import json
import sys

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.common.security import generate_token
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

given = json.load(sys.stdin)
metadata = httpx.get(given["issuer"] + "/.well-known/openid-configuration").raise_for_status().json()
assert metadata["issuer"] == given["issuer"], metadata["issuer"]


def session():
    client = given["client"]
    return OAuth2Client(
        client["client_id"],
        client["client_secret"],
        token_endpoint_auth_method=client.get("token_endpoint_auth_method", "client_secret_basic"),
        scope=given.get("scope"),
        redirect_uri=given.get("redirect_uri"),
        code_challenge_method="S256",
    )


def begin():
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session().create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    assert create_s256_code_challenge(verifier) in url
    return {"url": url, "state": state, "verifier": verifier, "nonce": nonce}


def finish():
    begun = given["begun"]
    oauth = session()
    token = oauth.fetch_token(
        metadata["token_endpoint"],
        authorization_response=given["callback"],
        state=begun["state"],
        code_verifier=begun["verifier"],
    )
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).raise_for_status().json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    JWTClaimsRegistry(
        iss={"essential": True, "value": given["issuer"]},
        aud={"essential": True, "value": given["client"]["client_id"]},
        nonce={"essential": True, "value": begun["nonce"]},
        exp={"essential": True},
    ).validate(decoded.claims)
    who = oauth.get(metadata["userinfo_endpoint"]).raise_for_status().json()
    assert who["sub"] == decoded.claims["sub"]
    refreshed = oauth.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]
    again = oauth.get(metadata["userinfo_endpoint"]).raise_for_status().json()
    assert again["sub"] == who["sub"]
    return {"claims": decoded.claims, "who": who}


def service():
    token = session().fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    return {"scope": token["scope"], "token_type": token["token_type"]}


print(json.dumps({"begin": begin, "finish": finish, "service": service}[given["step"]]()))

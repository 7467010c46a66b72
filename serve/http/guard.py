"""Who may use a path: nobody needs anything where the server has no tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

from aikind.serve.http.problems import Problem
from aikind.serve.http.tokens import Tokens

__all__ = ["token_needed", "token_or_password_needed"]

_BEARER = HTTPBearer(auto_error=False, description="Needed where the server was given tokens.")
_BASIC = HTTPBasic(auto_error=False, description="Instead of a bearer token: any name, and a token as the password.")
_Token = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
_Password = Annotated[HTTPBasicCredentials | None, Depends(_BASIC)]


def token_needed(tokens: Tokens) -> Any:
    """For ``dependencies`` of a route: a bearer token."""

    def check(given: _Token) -> None:
        if tokens and not tokens.admit(given.credentials if given else ""):
            detail = "This needs a token: send the header Authorization: Bearer TOKEN with one that the server knows."
            raise Problem(401, "token", detail, {"WWW-Authenticate": "Bearer"})

    return Depends(check)


def token_or_password_needed(tokens: Tokens) -> Any:
    """As ``token_needed``, for programs that know basic authentication only: the token may come as the password."""

    def check(token: _Token, basic: _Password) -> None:
        given = token.credentials if token else basic.password if basic else ""
        if tokens and not tokens.admit(given):
            detail = "This needs a token that the server knows: as the password of basic authentication, or as a bearer token."
            raise Problem(401, "token", detail, {"WWW-Authenticate": 'Basic realm="aikind", charset="UTF-8"'})

    return Depends(check)

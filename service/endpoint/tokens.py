"""Bearer tokens: JWTs of one issuer for this audience, signed with a key that the issuer publishes."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, MissingClaimError
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from starlette.datastructures import Headers

from service.endpoint.identity import Identity, Scheme, Unauthenticated, Unverifiable
from service.endpoint.jwks import Jwks

LEEWAY_SECONDS = 30
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""All asymmetric: with another, a public key would do for a secret."""
# What others write into a token's header is no business of ours, as long as it is not critical.
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


class Tokens:
    """The header Authorization."""

    scheme = Scheme(
        "bearer",
        {"httpAuthSecurityScheme": {"scheme": "Bearer", "bearerFormat": "JWT"}},
        'Bearer realm="agent"',
        "authorization",
    )

    def __init__(self, jwks: str, issuer: str, audience: str) -> None:
        """`jwks` is a file or a URL. Raises ConfigError."""
        self._jwks = Jwks(jwks)
        self._issuer = issuer
        self._claims = JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        given = headers.getlist(self.scheme.header)
        if not given:
            return None
        kind, _, token = given[0].partition(" ")
        if len(given) > 1 or kind.lower() != "bearer":
            raise Unauthenticated("Authorization must be one bearer token", self.scheme.challenge)
        self._jwks.keep_fresh()
        claims = await self._verified(token.strip())
        try:
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise _invalid("the token has expired") from None
        except (InvalidClaimError, MissingClaimError) as error:
            raise _invalid(f"the token's claims are not what this agent wants: {error.claim}") from None
        return Identity(self._issuer, claims["sub"])

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            try:
                return self._decode(token)
            except InvalidKeyIdError:  # its issuer may have a new key
                await self._jwks.refresh()
                if not self._jwks.known:
                    raise Unverifiable("tokens cannot be checked at the moment") from None
                return self._decode(token)
        except Unverifiable:
            raise
        except Exception:  # there are more ways to be no token than there are names for
            raise _invalid("the token is none that this agent trusts") from None

    def _decode(self, token: str) -> dict[str, Any]:
        return jwt.decode(token, self._jwks.keys, registry=_REGISTRY).claims


def _invalid(why: str) -> Unauthenticated:
    return Unauthenticated(why, f'{Tokens.scheme.challenge}, error="invalid_token"')

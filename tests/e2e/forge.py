"""forge.py -- tokens that must be refused, and one that must not, so that the refusals mean something.

Signs with a stack's own key, read from its database, and with others. ECDSA on P-256 is written out:
the standard library has none. It is slow and leaks by timing; nothing but a test may use it.
"""
import base64
import glob
import hashlib
import hmac
import json
import re
import secrets
import shutil
import subprocess
import time

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point=G):
    out = None
    while k:
        if k & 1:
            out = add(out, point)
        point = add(point, point)
        k >>= 1
    return out


def es256(secret, data):
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = times(k)[0] % N
        s = pow(k, -1, N) * (digest + r * secret) % N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verifies(jwk, token_text):
    """Is it signed with the key that a JWK shows?"""
    data, signature = token_text.rsplit(".", 1)
    r, s = (int.from_bytes(half, "big") for half in (unb64(signature)[:32], unb64(signature)[32:]))
    digest = int.from_bytes(hashlib.sha256(data.encode()).digest(), "big")
    point = tuple(int.from_bytes(unb64(jwk[member]), "big") for member in ("x", "y"))
    if not (0 < r < N and 0 < s < N):
        return False
    at = add(times(digest * pow(s, -1, N) % N), times(r * pow(s, -1, N) % N, point))
    return at is not None and at[0] % N == r


def token(header, claims, sign):
    data = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return data + "." + b64(sign(data.encode()))


def psql(stack, sql):
    """Rows of a query on the stack's database, as text."""
    program = shutil.which("psql") or sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))[-1]
    return subprocess.run([program, "-XAtq", stack.run_env()["DATABASE_URL"], "-c", sql], text=True,
                          capture_output=True, check=True, timeout=30).stdout.strip()


def server_key(stack, purpose):
    """(the secret number, kid, public JWK) of the key that signs now: "token" or "card"."""
    where = "from auth.keys where retired_at is null and purpose = '%s'" % purpose
    kid, pem = psql(stack, "select kid " + where), psql(stack, "select pem " + where)
    der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    # ECPrivateKey: version 1, then the secret as an OCTET STRING of 32 bytes
    secret = int.from_bytes(re.search(rb"\x02\x01\x01\x04\x20(.{32})", der, re.S).group(1), "big")
    jwk = next(k for k in stack.http("GET", "/.well-known/jwks.json")[2]["keys"] if k["kid"] == kid)
    x, y = times(secret)
    assert (b64(x.to_bytes(32, "big")), b64(y.to_bytes(32, "big"))) == (jwk["x"], jwk["y"]), "not its key"
    return secret, kid, jwk


def hs256(key):
    return lambda data: hmac.new(key, data, hashlib.sha256).digest()


def forgeries(stack, good):
    """[(name, token, must it be accepted)] around a good token of somebody."""
    secret, kid, jwk = server_key(stack, "token")
    card_secret, card_kid, _ = server_key(stack, "card")
    head, body, signature = good.split(".")
    claims, header = json.loads(unb64(body)), {"alg": "ES256", "typ": "JWT", "kid": kid}
    now = int(time.time())

    def ours(data):
        return es256(secret, data)

    def with_claims(**changes):
        return token(header, {k: v for k, v in {**claims, **changes}.items() if v is not None}, ours)

    def with_header(sign=ours, **changes):
        return token({k: v for k, v in {**header, **changes}.items() if v is not None}, claims, sign)

    spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04" + \
        unb64(jwk["x"]) + unb64(jwk["y"])
    pem = b"-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n" % base64.encodebytes(spki)
    admin = b64(json.dumps({**claims, "username": "admin", "role": "admin", "sub": "user_admin"}).encode())
    r, s = unb64(signature)[:32], unb64(signature)[32:]
    return [
        ("signed anew with the server's key", with_claims(jti="another"), True),
        ("an audience among several", with_claims(aud=["x", "jarvis-api"]), True),
        ("expired", with_claims(iat=now - 2000, exp=now - 100), False),
        ("without an end", with_claims(exp=None), False),
        ("an end that is text", with_claims(exp=str(now + 600)), False),
        ("an end that is no whole number", with_claims(exp=1e300), False),
        ("issued in the future", with_claims(iat=now + 3600, exp=now + 7200), False),
        ("not yet good", with_claims(nbf=now + 3600), False),
        ("another audience", with_claims(aud="jarvis"), False),
        ("no audience", with_claims(aud=None), False),
        ("another issuer", with_claims(iss="jarvis"), False),
        ("no issuer", with_claims(iss=None), False),
        ("no subject", with_claims(sub=None), False),
        ("an empty user name", with_claims(username=""), False),
        ("a user name that is a list", with_claims(username=["vishal", "admin"]), False),
        ("alg none", with_header(lambda data: b"", alg="none"), False),
        ("alg None", with_header(lambda data: b"", alg="None"), False),
        ("alg none with a signature", with_header(alg="none"), False),
        ("alg NONE", with_header(lambda data: b"", alg="NONE"), False),
        ("alg nOnE", with_header(lambda data: b"", alg="nOnE"), False),
        ("an empty alg", with_header(lambda data: b"", alg=""), False),
        ("alg that is a list", with_header(alg=["ES256", "none"]), False),
        ("no alg", with_header(alg=None), False),
        ("ES384 in name", with_header(alg="ES384"), False),
        ("ES256K in name", with_header(alg="ES256K"), False),
        ("a signature of another curve's size", with_header(lambda data: ours(data) + bytes(32), alg="ES384"), False),
        ("the same under ES256", with_header(lambda data: ours(data) + bytes(32)), False),
        ("no kid", with_header(kid=None), False),
        ("an unknown kid", with_header(kid="nobody"), False),
        ("a kid that is a path", with_header(kid="../../../dev/null"), False),
        ("a kid that is a number", with_header(kid=1), False),
        ("somebody's own key in the header", token({**header, "jwk": {**jwk, "kid": kid}}, claims,
                                                   lambda data: es256(12345, data)), False),
        ("the key that signs cards", with_header(lambda data: es256(card_secret, data), kid=card_kid), False),
        ("the key that signs cards, as the other", with_header(lambda data: es256(card_secret, data)), False),
        ("somebody else's key", with_header(lambda data: es256(12345, data)), False),
        ("HS256 with the public PEM", with_header(hs256(pem), alg="HS256"), False),
        ("HS256 with the public PEM, cut", with_header(hs256(pem.strip()), alg="HS256"), False),
        ("HS256 with the public key's bytes", with_header(hs256(spki), alg="HS256"), False),
        ("HS256 with the public key's base64", with_header(hs256(base64.b64encode(spki)), alg="HS256"), False),
        ("HS256 with the point", with_header(hs256(spki[-65:]), alg="HS256"), False),
        ("HS256 with x and y", with_header(hs256(spki[-64:]), alg="HS256"), False),
        ("HS256 with x and y as text", with_header(hs256((jwk["x"] + jwk["y"]).encode()), alg="HS256"), False),
        ("HS256 with the JWK", with_header(hs256(json.dumps(jwk).encode()), alg="HS256"), False),
        ("HS256 with nothing", with_header(hs256(b""), alg="HS256"), False),
        ("a name changed", "%s.%s.%s" % (head, admin, signature), False),
        ("a signature of zeros", "%s.%s.%s" % (head, body, b64(bytes(64))), False),
        ("the signature's halves swapped", "%s.%s.%s" % (head, body, b64(s + r)), False),
        ("a short signature", good[:-2], False),
        ("cut in the middle", good[:len(good) // 2], False),
        ("without its signature", head + "." + body, False),
        ("with an empty signature", head + "." + body + ".", False),
        ("a part too many", good + ".x", False),
        ("dots", "..", False),
        ("words", "not-a-token", False),
        ("very long", good + "A" * 20000, False),
    ]

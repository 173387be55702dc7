"""The page for browsers: who gets in, and that an observer cannot act there."""
import http.client
import re
import socket
import ssl
import urllib.parse

HOST = "localhost:8443"


def check(checks, engine, system):
    """The service `web` of compose, over TLS, as a browser of this machine asks it."""
    ports = engine.inspect(system.container("web"))["HostConfig"]["PortBindings"]
    addresses = {binding["HostIp"] for bindings in ports.values() for binding in bindings}
    checks(addresses == {"127.0.0.1"}, "the page is published to this machine alone", ports)
    refusals(checks, system)
    with open(f"{system.secrets}/web/token") as file:
        token = file.read().strip()
    cookie = enter(checks, system, token)
    status, headers, text = ask(system, "GET", "/", headers={"Cookie": cookie})
    checks(status == 200 and "<html" in text, "who gave the token gets the page", (status, text))
    policy = headers.get("Content-Security-Policy", "")
    checks("default-src 'none'" in policy and "unsafe" not in policy, "the page runs no script of others", policy)
    for path, body in (("/outcome", '{"opening": "x", "result": "confirmed"}'), ("/verdict", '{"decision": "x", "verdict": "approve"}')):
        status, _, text = ask(system, "POST", path, body, {
            "Cookie": cookie, "Origin": f"https://{HOST}", "Content-Type": "application/json"})
        checks(status == 403 and "observer" in text, f"an observer cannot POST {path}", (status, text))


def check_proxy(checks, system):
    """The same service behind an identity-aware proxy: this program, whose address alone it trusts."""
    with socket.create_connection((system.address("web"), 8443), timeout=60) as connection:
        own = connection.getsockname()[0]
    system.environment.update(
        NIMMER_WEB_PROXY_HEADER="X-Forwarded-User", NIMMER_WEB_TRUSTED_PROXIES=own, NIMMER_WEB_OPERATORS="ada")
    system.compose("up", "-d", "--wait", "--no-deps", "web", timeout=300)
    status, _, text = ask(system, "GET", "/")
    checks(status == 401, "a proxy that names no user lets no one in", (status, text))
    cookies = {}
    for user in ("ada", "ben"):
        status, headers, text = ask(system, "GET", "/", headers={"X-Forwarded-User": user})
        checks(status == 200 and "<html" in text, f"{user} gets in by the proxy's header, through TLS", (status, text))
        cookies[user] = headers.get("Set-Cookie", "").split(";")[0]
    def verify(user, cookie):
        return ask(system, "POST", "/outcome", "{}", {
            "X-Forwarded-User": user, "Cookie": cookie, "Origin": f"https://{HOST}", "Content-Type": "application/json"})
    status, _, text = verify("ben", cookies["ben"])
    checks(status == 403 and "observer" in text, "ben is an observer", (status, text))
    status, _, text = verify("ben", cookies["ada"])
    checks(status == 403 and "observer" in text, "ben does not act with ada's cookie", (status, text))
    status, _, text = verify("ada", cookies["ada"])
    checks(status == 403 and "observer" not in text, "ada may act, with the token of her page", (status, text))
    status, _, text = ask(system, "GET", "/", headers={"Cookie": cookies["ada"]})
    checks(status == 401, "a cookie without the proxy's header opens nothing", (status, text))


def refusals(checks, system):
    """What is refused before anyone is known."""
    status, _, text = ask(system, "GET", "/")
    checks(status == 401 and "<form" in text, "without a session: 401 and the form", (status, text))
    for path in ("/history", "/feed", "/gate/house"):
        status, _, text = ask(system, "GET", path)
        checks(status == 401, f"without a session: 401 for {path}", (status, text))
    status, _, text = ask(system, "POST", "/outcome", "{}", {"Origin": f"https://{HOST}", "Content-Type": "application/json"})
    checks(status == 401, "without a session nothing acts", (status, text))
    status, _, text = ask(system, "GET", "/", headers={"Host": "attacker.example"})
    checks(status == 421, "another host's name is refused", (status, text))
    status, _, text = ask(system, "GET", "/", headers={"X-Forwarded-User": "ada"})
    checks(status == 401, "no header is believed unless a proxy is configured", (status, text))
    status, headers, text = ask(system, "POST", "/enter", "token=a-guess-that-is-wrong", form())
    checks(status == 401 and "Set-Cookie" not in headers, "a wrong token opens nothing", (status, text))


def enter(checks, system, token):
    """Logs in; gives the cookie."""
    status, headers, text = ask(system, "POST", "/enter", urllib.parse.urlencode({"token": token}), form())
    cookie = headers.get("Set-Cookie", "")
    checks(300 <= status < 400, "the token lets in", (status, text))
    for word in ("HttpOnly", "SameSite=Strict", "Secure"):
        checks(word in cookie, f"the cookie is {word}", re.sub(r"=[^;]+", "=…", cookie, count=1))
    checks(token not in cookie, "the cookie is not the token")
    return cookie.split(";")[0]


def form():
    return {"Origin": f"https://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}


def ask(system, method, path, body=None, headers=None):
    """The status, the headers and the text of an answer. The certificate is that of localhost, by the authority of prepare.sh."""
    context = ssl.create_default_context(cafile=f"{system.secrets}/web/ca.pem")
    plain = socket.create_connection((system.address("web"), 8443), timeout=60)
    connection = http.client.HTTPConnection(HOST, timeout=60)
    with context.wrap_socket(plain, server_hostname="localhost") as connection.sock:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def check_alone(checks, engine):
    """The image shows nothing to the network unless it can find out who asks."""
    answer = engine("run", "--rm", "--network", "none", "-e", "NIMMER_WEB_LISTEN=0.0.0.0:8443", "nimmerverse/nimmer-web:check",
                    check=False, timeout=120)
    checks(answer.returncode == 78 and "token_file" in answer.stdout, "the page refuses to be open to the network", answer.stdout)

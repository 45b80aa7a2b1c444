"""Requests that mean ill, over real sockets against a real process (bad-input matrix).

Never a 5xx, always a problem of the contract that gives nothing away and is found in the log by its trace id.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.e2e.raw_connection import PIECE, RawConnection
from tests.e2e.refusals import assert_refused
from tests.e2e.served import API, Served, serving

LIMIT = 1_048_576
JSON = {"Content-Type": "application/json"}
GOOD = b'{"to":["ada"],"content":{"title":"x"}}'
ID = "0192f3a0-7c1e-7d52-9a37-3f1b2c4d5e6f"

# Everything that takes a body: method, path, and the body around the place of whatever is tried.
WRITES = [
    ("POST", "/notifications", b'{"to":["ada"],"content":{"title":"x"},"payload":{"a":%b}}'),
    ("POST", "/notifications", b'{"to":["ada"],"content":{"title":"x","data":{"a":%b}}}'),
    ("POST", "/notifications", b'{"to":[%b],"content":{"title":"x"}}'),
    ("POST", "/notifications/bulk", b'{"notifications":[{"to":["a"],"content":{"title":"x"},"payload":{"a":%b}}]}'),
    ("PUT", "/subscribers/ada", b'{"data":{"a":%b}}'),
    ("PUT", "/subscribers/ada", b'{"channels":{"chat":{"a":%b}}}'),
    ("PATCH", "/subscribers/ada", b'{"firstName":%b}'),
    ("POST", "/subscribers/bulk", b'{"subscribers":[{"subscriberId":"b","data":{"a":%b}}]}'),
    ("PUT", "/topics/news", b'{"name":%b}'),
    ("POST", "/topics/news/subscribers", b'{"subscriberIds":[%b]}'),
    ("DELETE", "/topics/news/subscribers", b'{"subscriberIds":[%b]}'),
    ("POST", "/inbox/read-all", b'{"tags":[%b]}'),
    ("POST", f"/inbox/{ID}/snooze", b'{"until":%b}'),
]
# A bulk request answers each item: what is wrong with the data of one is no other's business.
BULK = {"/notifications/bulk", "/subscribers/bulk"}

NOT_JSON = {
    "arrays-3,000": b"[" * 3_000 + b"]" * 3_000,
    "arrays-100,000": b"[" * 100_000 + b"]" * 100_000,
    "objects-3,000": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "never-closed": b"[" * 100_000,
    "broken-utf-8": b'"\xff\xfe"',
    "utf-8-surrogate": b'"\xed\xa0\x80"',
    "overlong-nul": b'"\xc0\x80"',
    "lone-surrogate": b'"\\ud800"',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "bare-control": b'"a\nb"',
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hardened")) as served:
        served.subscriber("ada")
        yield served


@pytest.fixture
def backend(served: Served) -> Iterator[httpx.Client]:
    with served.client(served.backend) as client:
        assert client.put(f"{API}/topics/news", json={}).status_code in (200, 201)
        yield client


@pytest.fixture
def ada(served: Served) -> Iterator[httpx.Client]:
    with served.client(served.subscriber("ada")) as client:
        yield client


def head(served: Served, *lines: str, path: str = f"{API}/notifications") -> str:
    """The head of a POST, up to its last line."""
    own = ["Host: localhost", f"Authorization: {served.backend['Authorization']}", "Content-Type: application/json"]
    return "\r\n".join([f"POST {path} HTTP/1.1", *own, *lines]) + "\r\n\r\n"


@pytest.mark.parametrize("name", NOT_JSON)
def test_b01_b02_answers_400_or_422_wherever_something_is_no_json(
    served: Served, backend: httpx.Client, ada: httpx.Client, name: str
) -> None:
    for method, path, body in WRITES:
        client = ada if path.startswith("/inbox") else backend
        response = client.request(method, API + path, content=body % NOT_JSON[name], headers=JSON)
        # The type is wrong before the depth is seen where no JSON of any shape is taken.
        assert response.status_code in (400, 422), (path, response.text)
        assert_refused(served, response, 400 if path in BULK else response.status_code)


@pytest.mark.parametrize("text", [b'"a\\u0000b"', b'"\\u0000"'])
def test_b03_answers_422_wherever_a_text_holds_nul(
    served: Served, backend: httpx.Client, ada: httpx.Client, text: bytes
) -> None:
    for method, path, body in WRITES:
        client = ada if path.startswith("/inbox") else backend
        response = client.request(method, API + path, content=body % text, headers=JSON)
        if path in BULK:
            [item] = response.json()["data"]
            assert (response.status_code, item["statusCode"]) == (202, 422)
            assert item["error"]["errors"][0]["message"] == "contains a NUL character"
        else:
            assert_refused(served, response, 422, "request.invalid")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/subscribers/%00", 422),
        ("/topics/a%00b", 422),
        ("/notifications?tag=%00", 422),
        ("/notifications?%00=1", 422),
        ("/subscribers?cursor=a%00", 422),
        ("/subscribers/%ff", 400),
        ("/notifications?tag=%ed%a0%80", 400),
        ("/topics/%0d%0aX-Evil:%201", 422),
        ("/subscribers/" + "a" * 256, 422),
        ("/subscribers/%EF%B7%90", 422),
    ],
)
def test_b03_refuses_an_address_that_holds_what_no_id_may(
    served: Served, backend: httpx.Client, path: str, status: int
) -> None:
    response = backend.get(API + path)

    assert_refused(served, response, status)
    assert "x-evil" not in response.headers


@pytest.mark.parametrize("line", ["X-Any: a\0b", "Idempotency-Key: \0", "X-Request-ID: \0", "Last-Event-ID: \0"])
def test_b03_ends_the_connection_when_a_header_holds_nul(served: Served, line: str) -> None:
    with RawConnection(served.process.port) as connection:
        connection.write(f"GET /health/live HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n")
        assert connection.answer().status in (400, 422)


@pytest.mark.parametrize(
    "lines",
    [
        f"Content-Length: {len(GOOD)}\r\nTransfer-Encoding: chunked",
        f"Content-Length: {len(GOOD)}\r\nContent-Length: 1",
        "Content-Length: -1",
        "Content-Length: 0x10",
        "Bad Name: x",
        "Host : localhost",
    ],
)
def test_b12_leaves_no_doubt_where_a_request_ends(served: Served, lines: str) -> None:
    with RawConnection(served.process.port) as connection:
        connection.write(head(served, lines), GOOD)
        answer = connection.answer()
        assert answer.status == 400
        assert connection.closed()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_b04_keeps_a_large_integer_as_it_is(served: Served, backend: httpx.Client, number: int) -> None:
    sent = served.send("ada", payload={"n": number})

    assert backend.get(f"{API}/notifications/{sent}").json()["data"]["payload"] == {"n": number}


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "9223372036854775808", "1" * 4_000, "1.5", "1e2", "NaN", "", " 5", "٣", "0x10"]
)
def test_b04_answers_422_when_a_limit_is_out_of_bounds_or_no_number(
    served: Served, backend: httpx.Client, limit: str
) -> None:
    for path in ("/notifications", "/subscribers"):
        problem = assert_refused(served, backend.get(API + path, params={"limit": limit}), 422, "request.invalid")
        assert [error["path"] for error in problem["errors"]] == ["limit"]


def test_b05_takes_the_last_of_two_equal_names(backend: httpx.Client) -> None:
    twice = b'{"to":["ada"],"content":{"title":"first","title":"second"},"tags":["a"],"tags":["b"]}'

    sent = backend.post(f"{API}/notifications", content=twice, headers=JSON).json()["data"]["id"]

    stored = backend.get(f"{API}/notifications/{sent}").json()["data"]
    assert (stored["content"]["title"], stored["tags"]) == ("second", ["b"])


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"to": [f"u{number}" for number in range(1_001)]}, "to"),
        ({"sendAt": "2099-01-02T00:00:00Z", "expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"sendAt": "2099-02-30T00:00:00Z"}, "sendAt"),
        ({"payload": {"a": "x" * 262_144}}, "payload"),
        ({"to": [{"subscriberId": "a", "email": "a@b.example\r\nBcc: x@y.example"}]}, "to[0].email"),
        ({"to": ["a\r\nX-Evil: 1"]}, "to[0]"),
        ({"tenantId": "neighbour"}, "tenantId"),
        ({"content": {"title": "x", "redirect": "javascript:alert(1)"}}, "content.redirect"),
    ],
)
def test_names_the_field_when_what_is_asked_for_cannot_be(
    served: Served, backend: httpx.Client, fields: dict[str, object], path: str
) -> None:
    body = {"to": ["ada"], "content": {"title": "x"}, **fields}

    problem = assert_refused(served, backend.post(f"{API}/notifications", json=body), 422, "request.invalid")

    assert [error["path"] for error in problem["errors"]] == [path]


def test_b34_answers_422_when_a_bulk_request_has_1001_items(served: Served, backend: httpx.Client) -> None:
    for path, name in (("/notifications/bulk", "notifications"), ("/subscribers/bulk", "subscribers")):
        assert_refused(served, backend.post(API + path, json={name: [{}] * 1_001}), 422, "request.invalid")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"0", b"true"])
def test_b05_marks_nothing_when_the_body_is_no_object(served: Served, ada: httpx.Client, body: bytes) -> None:
    served.send("ada")
    before = ada.get(f"{API}/inbox/count").json()["data"]

    for path in ("seen-all", "read-all", "archive-all"):
        assert_refused(served, ada.post(f"{API}/inbox/{path}", content=body, headers=JSON), 422, "request.invalid")

    assert ada.get(f"{API}/inbox/count").json()["data"] == before


def test_b07_takes_a_body_of_the_limit_and_refuses_one_byte_more(served: Served, backend: httpx.Client) -> None:
    for size, status in ((LIMIT, 202), (LIMIT + 1, 413), (LIMIT * 10, 413)):
        response = backend.post(f"{API}/notifications", content=GOOD.ljust(size), headers=JSON)
        if status == 202:
            assert response.status_code == status, response.text
        else:
            assert_refused(served, response, status, "request.too_large")


def test_b07_survives_a_length_that_is_not_true(served: Served) -> None:
    with RawConnection(served.process.port) as more:
        more.write(head(served, f"Content-Length: {len(GOOD)}"), GOOD, b"GARBAGE\r\n\r\n")
        # What comes after may be seen before the answer to the first is there.
        assert more.answer().status in (202, 400)
    with RawConnection(served.process.port) as less:
        less.write(head(served, f"Content-Length: {len(GOOD) * 2}"), GOOD)
        less.half_close()
        assert less.closed()
    with RawConnection(served.process.port) as liar:
        liar.write(head(served, f"Content-Length: {10**18}"), GOOD)
        answer = liar.answer()
        assert (answer.status, answer.code) == (413, "request.too_large")
    assert not [line for line in served.logged() if line.get("event") == "http.failed"]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure another process")
def test_b07_keeps_its_memory_when_many_send_too_much_at_once(served: Served) -> None:
    processes = [Path(f"/proc/{pid}") for pid in served.process.serving_pids]
    crowd = 20

    def kilobytes(name: str) -> int:
        found = [re.search(rf"{name}:\s+(\d+) kB", (each / "status").read_text()) for each in processes]
        return sum(int(match[1]) for match in found if match)

    def flood(number: int) -> None:
        with suppress(ConnectionError), RawConnection(served.process.port) as connection:
            chunked, spaces = number % 2 == 0, b" " * PIECE
            piece = b"%x\r\n%b\r\n" % (PIECE, spaces) if chunked else spaces
            how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {LIMIT * 10}"
            connection.write(head(served, how), *([piece] * (10 * LIMIT // PIECE)))

    before = kilobytes("VmRSS")
    for each in processes:
        (each / "clear_refs").write_text("5")
    with ThreadPoolExecutor(crowd) as threads:
        list(threads.map(flood, range(crowd)))

    assert kilobytes("VmHWM") - before < crowd * 2 * LIMIT // 1_024
    with served.client() as client:
        assert client.get("/health/ready").status_code == 200


@pytest.mark.nightly
def test_b10_answers_408_when_a_body_does_not_arrive(served: Served) -> None:
    with RawConnection(served.process.port) as connection:
        connection.write(head(served, "Content-Length: 100"), b"{")
        answer = connection.answer()
        assert (answer.status, answer.code) == (408, "request.too_slow")
        assert connection.closed()


def test_serves_on_over_the_same_connection_when_it_has_refused(served: Served) -> None:
    key, plain = {**served.backend, **JSON}, {"Authorization": "Basic eDp5"}
    refusals = [
        ("POST", "/notifications", key, b"{", 400),
        ("GET", "/notifications?x=1", key, b"", 400),
        ("GET", "/notifications", plain, b"", 401),
        ("GET", "/inbox", key, b"", 403),
        ("GET", f"/notifications/{uuid4()}", key, b"", 404),
        ("GET", "/nothing", key, b"", 404),
        ("POST", f"/notifications/{uuid4()}", key, GOOD, 405),
        ("GET", "/notifications", {**key, "Accept": "text/html"}, b"", 406),
        ("POST", "/notifications", {**key, "Content-Type": "text/plain"}, GOOD, 415),
        ("POST", "/notifications", {**key, "Content-Encoding": "gzip"}, GOOD, 415),
        ("POST", "/notifications", key, b"{}", 422),
        ("PUT", "/topics/%00", key, b"{}", 422),
    ]
    with RawConnection(served.process.port) as connection:
        for method, path, headers, body, status in refusals:
            connection.request(method, API + path, headers, body)
            answer = connection.answer()
            assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), path
        connection.request("POST", f"{API}/notifications", key, GOOD)
        assert connection.answer().status == 202


def test_answers_405_with_every_method_there_is_when_it_is_another(served: Served, backend: httpx.Client) -> None:
    paths = backend.get("/openapi.json").json()["paths"]
    for template, operations in paths.items():
        path = re.sub(r"{\w+}", ID, template.replace("{number}", "1"))
        declared = {method.upper() for method in operations}
        allowed = {*declared, "OPTIONS", *({"HEAD"} if "GET" in declared else ())}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - declared:
            response = backend.request(method, path)
            assert_refused(served, response, 405, "request.method_not_allowed")
            assert set(response.headers["allow"].split(", ")) == allowed
        with served.client() as anyone:
            options = anyone.options(path)
        assert (options.status_code, options.content) == (204, b""), path
        assert set(options.headers["allow"].split(", ")) == allowed


def test_quotes_an_address_as_it_was_meant_when_it_holds_an_encoded_slash(
    served: Served, backend: httpx.Client
) -> None:
    problem = assert_refused(served, backend.get(f"{API}/subscribers/team%2Fnobody"), 404, "subscribers.not_found")

    assert problem["instance"] == f"{API}/subscribers/team/nobody"


def test_b18_writes_no_header_that_a_text_tried_to_smuggle(served: Served, backend: httpx.Client) -> None:
    person = {"email": "eve@b.example", "firstName": "Eve\r\nBcc: x@y.example"}
    assert backend.put(f"{API}/subscribers/eve", json=person).status_code == 201
    for title in ("Hi\r\nBcc: x@y.example", "ü =?UTF-8?Q?=0A?=Bcc: x@y.example"):
        assert served.send("eve", content={"title": title}, channels=["email"], dryRun=False)

    mails = served.eventually(lambda: sorted((served.data_dir / "mail").glob("*.eml")), lambda found: len(found) == 2)
    for mail in mails:
        names = {line.partition(":")[0] for line in mail.read_text().partition("\n\n")[0].splitlines()}
        assert not {name for name in names if name.lower() in ("bcc", "cc", "x-evil")}


def test_no_document_of_its_own_gives_anything_away(served: Served) -> None:
    with served.client() as anyone:
        for path in ("/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/nothing", "/.env"):
            assert str(served.data_dir) not in anyone.get(path).text
        proxied = anyone.get("/health/ready", headers={"X-Forwarded-For": "203.0.113.9"})
    assert "checks" not in json.loads(proxied.text)

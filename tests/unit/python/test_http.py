"""The HTTP of Python models, against a server of its own: the cache on disk, retries, what may be asked at all."""

import hashlib
import http.server
import json
import os
import pathlib
import socket
import sys
import tempfile
import threading
import unittest
import unittest.mock
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "client/python"))

from fastflowtransform.api import http as client  # noqa: E402  pylint: disable=wrong-import-position


class Stub(http.server.ThreadingHTTPServer):
    """Answers paths with what `answers` has for them, one after another, the last for ever; notes what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked, self.answers = [], {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, path, *answers):
        """Each (status, body, headers), or a body."""
        self.answers[path] = [each if isinstance(each, tuple) else (200, each, {}) for each in answers]


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answers = self.server.answers.get(urllib.parse.urlsplit(self.path).path, [(404, "nothing here", {})])
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Http(unittest.TestCase):
    def setUp(self):
        self.stub = Stub()
        serving = threading.Thread(target=self.stub.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        self.addCleanup(serving.join)
        self.addCleanup(self.stub.server_close)
        self.addCleanup(self.stub.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = pathlib.Path(folder.name) / "deep/cache"
        self.replace(os.environ, FF_HTTP_CACHE_DIR=str(self.cache))
        self.pauses = []
        self.patch(client.time, "sleep", self.pauses.append)
        self.patch(client.random, "uniform", lambda least, most: most)
        self.patch(client, "_STATISTICS", client.Statistics())

    def patch(self, where, name, value):
        patched = unittest.mock.patch.object(where, name, value)
        patched.start()
        self.addCleanup(patched.stop)

    def replace(self, environment, **variables):
        """The FF_* variables are these alone."""
        kept = {name: value for name, value in environment.items() if not name.startswith("FF_") and "proxy" not in name.lower()}
        patched = unittest.mock.patch.dict(environment, {**kept, **variables}, clear=True)
        patched.start()
        self.addCleanup(patched.stop)

    def set(self, **variables):
        os.environ.update({name: str(value) for name, value in variables.items()})

    def url(self, path):
        return self.stub.url + path

    def fault(self, path, **more):
        with self.assertRaises(client.HttpError) as caught:
            client.get(self.url(path), **more)
        return str(caught.exception)

    def files(self):
        return sorted(path.name for path in self.cache.iterdir()) if self.cache.exists() else []

    def entry(self):
        [path] = self.cache.glob("*.json")
        return path

    def age(self, seconds):
        entry = json.loads(self.entry().read_text())
        self.entry().write_text(json.dumps({**entry, "ts": entry["ts"] - seconds}))


class Cache(Http):
    def test_key_and_files_are_as_documented(self):
        self.stub.answer("/a", (200, b"\0body", {"X-Mark": "m"}))
        answer = client.get(self.url("/a"), params={"q": 1, "b": ["x", "ü"]}, headers={"Accept": "x", "Authorization": "Bearer s3cret"})
        text = ('{"headers":{"Accept":"x","Authorization":"***"},"method":"GET","params":{"b":["x","\\u00fc"],"q":1},"url":"'
                + self.url("/a") + '"}')
        key = hashlib.sha256(text.encode()).hexdigest()
        self.assertEqual(self.files(), [key + ".bin", key + ".json"])
        self.assertEqual((self.cache / (key + ".bin")).read_bytes(), b"\0body")
        entry = json.loads((self.cache / (key + ".json")).read_text())
        self.assertEqual(set(entry), {"ts", "status", "headers", "content_hash", "url"})
        self.assertEqual((entry["status"], entry["url"], entry["headers"]["X-Mark"]), (200, self.url("/a"), "m"))
        self.assertEqual(entry["content_hash"], "sha256:" + hashlib.sha256(b"\0body").hexdigest())
        self.assertAlmostEqual(entry["ts"], client.time.time(), delta=600)
        self.assertEqual((answer.status, answer.content, answer.headers["X-Mark"]), (200, b"\0body", "m"))
        self.assertEqual(self.stub.asked[0][0], "/a?q=1&b=x&b=%C3%BC")
        self.assertEqual(self.stub.asked[0][1]["authorization"], "Bearer s3cret")

    def test_a_hit_is_the_answer_again(self):
        self.stub.answer("/a", (203, "grüße", {"X-Mark": "m"}), "other")
        first, again = client.get(self.url("/a")), client.get(self.url("/a"))
        self.assertEqual((first.content, first.status, first.url, first.headers), (again.content, again.status, again.url, again.headers))
        self.assertEqual((again.text, len(self.stub.asked)), ("grüße", 1))

    def test_what_makes_another_key(self):
        self.stub.answer("/a", "x")
        self.stub.answer("/b", "x")
        for path, more in (("/a", {}), ("/b", {}), ("/a", {"params": {"q": 1}}), ("/a", {"params": {"q": 2}}),
                           ("/a", {"headers": {"Accept": "x"}}), ("/a", {"headers": {"Accept": "y"}})):
            client.get(self.url(path), **more)
        self.assertEqual((len(self.stub.asked), len(self.files())), (6, 12))

    def test_secrets_are_in_no_key_and_in_no_file(self):
        self.stub.answer("/a", "x")
        for number, name in enumerate(("Authorization", "proxy-authorization", "COOKIE", "X-Api-Key", "X-Auth-Token", "api-key")):
            client.get(self.url("/a"), headers={name: "s3cret-one"})
            client.get(self.url("/a"), headers={name: "s3cret-two"})
            self.assertEqual(len(self.stub.asked), number + 1)
            self.assertEqual(self.stub.asked[number][1][name.lower()], "s3cret-one")
        for path in self.cache.iterdir():
            self.assertNotIn(b"s3cret", path.read_bytes())

    def test_ttl(self):
        self.stub.answer("/a", "one", "two", "three")
        get = lambda **more: client.get(self.url("/a"), **more).text  # noqa: E731
        self.assertEqual(get(), "one")
        self.age(1000)
        self.assertEqual((get(), get(ttl=0), get(ttl=2000)), ("one", "one", "one"))
        self.set(FF_HTTP_TTL=2000)
        self.assertEqual(get(), "one")
        self.set(FF_HTTP_TTL=500)
        self.assertEqual((get(ttl=2000), get(ttl=0)), ("one", "one"))
        self.assertEqual((get(), get()), ("two", "two"))  # the new one is kept
        self.age(1000)
        self.set(FF_HTTP_TTL=0)
        self.assertEqual((get(), get(ttl=500)), ("two", "three"))

    def test_modes(self):
        self.stub.answer("/a", "one", "two", "three", "four")
        get = lambda **more: client.get(self.url("/a"), **more).text  # noqa: E731
        self.set(FF_HTTP_CACHE_MODE="ro")
        self.assertEqual((get(), self.files()), ("one", []))
        self.set(FF_HTTP_CACHE_MODE="rw")
        self.assertEqual((get(), get()), ("two", "two"))
        self.set(FF_HTTP_CACHE_MODE="ro")
        self.assertEqual(get(), "two")
        self.set(FF_HTTP_CACHE_MODE="off")
        self.assertEqual(get(), "three")
        self.set(FF_HTTP_CACHE_MODE="ro")
        self.age(1000)
        self.assertEqual((get(ttl=1), get()), ("four", "two"))  # an old one is not replaced
        self.set(FF_HTTP_CACHE_MODE="wo")
        self.assertEqual(self.fault("/a"), "FF_HTTP_CACHE_MODE=wo is none of rw, ro, off")

    def test_damaged_entries_are_fetched_again(self):
        self.stub.answer("/a", "whole", "again", "third", "fourth")
        client.get(self.url("/a"))
        body = self.entry().with_suffix(".bin")
        body.write_bytes(b"who")
        self.assertEqual((client.get(self.url("/a")).text, body.read_bytes()), ("again", b"again"))
        body.unlink()
        self.assertEqual(client.get(self.url("/a")).text, "third")
        self.entry().write_text('{"ts":')
        self.assertEqual((client.get(self.url("/a")).text, client.get(self.url("/a")).text), ("fourth", "fourth"))

    def test_failures_are_not_kept(self):
        self.stub.answer("/a", (404, "no", {}), "found")
        self.fault("/a")
        self.assertEqual((self.files(), client.get(self.url("/a")).text), ([], "found"))

    def test_the_folder_has_a_default(self):
        with tempfile.TemporaryDirectory() as folder:
            self.addCleanup(os.chdir, os.getcwd())
            os.chdir(folder)
            del os.environ["FF_HTTP_CACHE_DIR"]
            self.stub.answer("/a", "x")
            client.get(self.url("/a"))
            self.assertEqual(len(list(pathlib.Path(folder, ".local/http-cache").iterdir())), 2)
            os.chdir("/")


class Offline(Http):
    def test_without_an_entry_names_the_url(self):
        self.set(FF_HTTP_OFFLINE=1)
        self.assertIn(self.url("/a?q=1"), self.fault("/a", params={"q": 1}))
        self.assertEqual(self.stub.asked, [])
        self.assertIsNone(client.statistics("n"))

    def test_takes_entries_of_any_age(self):
        self.stub.answer("/a", "x")
        client.get(self.url("/a"))
        self.age(1000)
        self.set(FF_HTTP_OFFLINE="true", FF_HTTP_TTL=1)
        self.assertEqual(client.get(self.url("/a")).text, "x")
        self.assertEqual(client.get(self.url("/a"), ttl=1).text, "x")
        self.assertEqual(len(self.stub.asked), 1)

    def test_is_what_says_so(self):
        self.stub.answer("/a", "x")
        for value in ("", "0", "false"):
            self.set(FF_HTTP_OFFLINE=value, FF_HTTP_CACHE_MODE="off")
            self.assertEqual(client.get(self.url("/a")).text, "x")


class Retries(Http):
    def test_too_many_requests_and_faults_of_the_server_are_asked_again(self):
        for status in (429, 500, 502, 503, 504):
            with self.subTest(status):
                self.stub.asked.clear()
                self.stub.answer(f"/{status}", (status, "no", {"Retry-After": "0"}), (status, "no", {"Retry-After": "0"}), "yes")
                self.assertEqual(client.get(self.url(f"/{status}")).text, "yes")
                self.assertEqual(len(self.stub.asked), 3)
        self.assertEqual(self.pauses, [0.0] * 10)

    def test_retry_after_counts_up_to_half_a_minute(self):
        self.stub.answer("/a", (503, "no", {"Retry-After": "7"}), (503, "no", {"Retry-After": "86400"}),
                         (503, "no", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), "yes")
        self.assertEqual(client.get(self.url("/a")).text, "yes")
        self.assertEqual(self.pauses, [7.0, client.RETRY_MAX_S, 0.0])

    def test_pauses_double(self):
        self.set(FF_HTTP_MAX_RETRIES=9)
        self.stub.answer("/a", (500, "no", {}))
        self.assertEqual(self.fault("/a"), f"GET {self.url('/a')}: status 500 Internal Server Error")
        self.assertEqual([round(pause, 1) for pause in self.pauses], [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30])
        self.assertEqual(len(self.stub.asked), 10)

    def test_their_number(self):
        self.stub.answer("/a", (500, "no", {}))
        for variables, asked in (({}, 4), ({"FF_HTTP_MAX_RETRIES": 1}, 2), ({"FF_HTTP_MAX_RETRIES": 0}, 1)):
            self.stub.asked.clear()
            self.set(**variables)
            self.fault("/a")
            self.assertEqual(len(self.stub.asked), asked)

    def test_what_the_client_did_wrong_is_not_asked_again(self):
        for status in (400, 401, 403, 404, 410):
            self.stub.asked.clear()
            self.stub.answer("/a", (status, "no", {"Retry-After": "0"}))
            self.assertIn(f"{self.url('/a')}: status {status}", self.fault("/a"))
            self.assertEqual(len(self.stub.asked), 1)

    def test_a_server_that_is_not_there(self):
        with socket.socket() as bound:  # nobody listens
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}/a"
            with self.assertRaisesRegex(client.HttpError, f"GET {url}: .*refused"):
                client.get(url)
        self.assertEqual(len(self.pauses), 3)

    def test_the_rate_is_kept(self):
        self.stub.answer("/a", "x")
        self.patch(client, "_LAST_REQUEST", [0.0])
        self.patch(client.time, "monotonic", lambda: 100.0)
        self.set(FF_HTTP_RATE_LIMIT_RPS=4, FF_HTTP_CACHE_MODE="off")
        client.get(self.url("/a"))
        self.assertEqual(self.pauses, [])
        client.get(self.url("/a"))
        self.assertEqual(self.pauses, [0.25])


class Domains(Http):
    def setUp(self):
        super().setUp()
        look_up = socket.getaddrinfo
        self.patch(socket, "getaddrinfo", lambda host, *more, **named: look_up("127.0.0.1", *more, **named))
        self.stub.answer("/a", "x")

    def get(self, host):
        return client.get(f"http://{host}:{self.stub.server_port}/a").text

    def test_without_a_list_all_are_allowed(self):
        self.assertEqual(self.get("any.example.org"), "x")

    def test_those_of_the_list_and_what_is_below_them(self):
        self.set(FF_HTTP_ALLOWED_DOMAINS="Example.com, other.org")
        for host in ("example.com", "api.example.com", "a.b.EXAMPLE.com", "other.org"):
            self.assertEqual(self.get(host), "x")
        asked = len(self.stub.asked)
        for host in ("notexample.com", "example.com.evil.org", "example.org", "com", "127.0.0.1"):
            with self.assertRaisesRegex(client.HttpError, f"{host} is none of FF_HTTP_ALLOWED_DOMAINS"):
                self.get(host)
        self.assertEqual(len(self.stub.asked), asked)

    def test_other_schemes_are_refused(self):
        for url in ("file:///etc/passwd", "ftp://example.com/a", "http:///a", "example.com/a"):
            with self.assertRaisesRegex(client.HttpError, "is no http:// or https:// URL"):
                client.get(url)


class Answers(Http):
    def test_json_and_what_a_path_names(self):
        self.stub.answer("/a", {"data": {"items": [{"id": 1}, {"id": 2}]}})
        self.assertEqual(client.get_json(self.url("/a"))["data"]["items"][0], {"id": 1})
        self.assertEqual(client.get_json(self.url("/a"), json_path="data.items"), [{"id": 1}, {"id": 2}])
        self.assertEqual(client.get_json(self.url("/a"), json_path="data.items.1.id"), 2)
        for path in ("data.rows", "data.items.7", "data.items.x", "data.items.0.id.more"):
            with self.assertRaisesRegex(client.HttpError, f"{self.url('/a')}: its answer has no '{path}'"):
                client.get_json(self.url("/a"), json_path=path)
        self.stub.answer("/b", "<html>")
        with self.assertRaisesRegex(client.HttpError, self.url("/b") + " answered no JSON"):
            client.get_json(self.url("/b"))

    def test_records_become_a_frame(self):
        self.stub.answer("/a", {"data": {"items": [{"id": 1, "of": {"name": "x"}}, {"id": 2}]}})
        for more in ({"record_path": ["data", "items"]}, {"record_path": "data.items"}, {"json_path": "data.items"}):
            frame = client.get_df(self.url("/a"), **more)
            self.assertEqual((list(frame.columns), frame["id"].tolist(), frame["of.name"][0]), (["id", "of.name"], [1, 2], "x"))
        self.assertEqual(client.get_df(self.url("/a"), json_path="data.items.0")["id"].tolist(), [1])
        self.stub.answer("/none", [])
        self.assertEqual(len(client.get_df(self.url("/none"))), 0)

    def test_pages_one_after_another(self):
        self.stub.answer("/a", {"rows": [{"n": 1}, {"n": 2}], "next": 2}, {"rows": [{"n": 3}], "next": None})

        def turn(page, params):
            return {**params, "page": page["next"]} if page["next"] else None

        rows = client.get_json(self.url("/a"), params={"page": 1, "size": 2}, paginator=turn, json_path="rows")
        self.assertEqual(rows, [{"n": 1}, {"n": 2}, {"n": 3}])
        self.assertEqual([path for path, _ in self.stub.asked], ["/a?page=1&size=2", "/a?page=2&size=2"])
        frame = client.get_df(self.url("/a"), params={"page": 1, "size": 2}, paginator=turn, record_path="rows")
        self.assertEqual((frame["n"].tolist(), len(self.stub.asked)), ([1, 2, 3], 2))

    def test_parameters_join_those_of_the_url(self):
        self.stub.answer("/a", "x")
        client.get(self.url("/a?x=1"), params={"y": "a b&c"})
        self.assertEqual(self.stub.asked[0][0], "/a?x=1&y=a+b%26c")


class Statistics(Http):
    def test_nothing_was_asked(self):
        self.assertIsNone(client.statistics("n"))

    def test_requests_hits_and_bytes(self):
        self.stub.answer("/a", "four")
        self.stub.answer("/b", "seven77")
        for path in ("/a", "/b", "/a"):
            client.get(self.url(path))
        told = client.statistics("http_users")
        hashes = ["sha256:" + hashlib.sha256(body).hexdigest() for body in (b"four", b"seven77", b"four")]
        self.assertEqual(set(told), {"node", "requests", "cache_hits", "bytes", "used_offline", "content_hashes", "keys"})
        self.assertEqual((told["node"], told["requests"], told["cache_hits"], told["bytes"]), ("http_users", 3, 1, 15))
        self.assertEqual((told["used_offline"], told["content_hashes"]), (False, hashes))
        self.assertEqual({key + ".bin" for key in told["keys"]}, set(self.files()) - {name for name in self.files() if "json" in name})
        self.assertEqual((len(told["keys"]), told["keys"][0]), (3, told["keys"][2]))
        json.dumps(told)

    def test_offline_all_requests_are_hits(self):
        self.stub.answer("/a", "x")
        client.get(self.url("/a"))
        self.patch(client, "_STATISTICS", client.Statistics())
        self.set(FF_HTTP_OFFLINE=1)
        client.get(self.url("/a"))
        client.get(self.url("/a"))
        told = client.statistics("n")
        self.assertEqual((told["requests"], told["cache_hits"], told["used_offline"]), (2, 2, True))


if __name__ == "__main__":
    unittest.main()

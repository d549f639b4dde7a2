"""HTTP for Python models, with a cache on disk: `get`, `get_json`, `get_df`.

A request's key is the SHA-256 of compact, sorted JSON {method, url, params, headers}; values of headers that are secrets
count as ***.  An entry is <key>.json {ts, status, headers, content_hash, url} and <key>.bin, the body.

FF_HTTP_CACHE_DIR (.local/http-cache), FF_HTTP_CACHE_MODE (rw, ro, off), FF_HTTP_TTL (seconds; 0: for ever),
FF_HTTP_TIMEOUT (20 s), FF_HTTP_MAX_RETRIES (3: of 429, 5xx and the network; exponential with jitter, or as Retry-After
says), FF_HTTP_OFFLINE (only the cache, whatever its age), FF_HTTP_ALLOWED_DOMAINS (with their subdomains),
FF_HTTP_RATE_LIMIT_RPS.
"""

import email.utils
import hashlib
import http.client
import json
import os
import random
import time
import urllib.error
import urllib.parse
import urllib.request

SECRET_WORDS = ("auth", "cookie", "key", "token", "secret", "password", "credential")
RETRY_MAX_S = 30


class HttpError(RuntimeError):
    """A request that got no answer that can be used; names the URL."""


class Response:
    """status, headers, content, url; `text` and `json()` of the content."""

    def __init__(self, url, status, headers, content):
        self.url, self.status, self.headers, self.content = url, status, headers, content

    @property
    def text(self):
        return self.content.decode("utf-8", errors="replace")

    def json(self):
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise HttpError(f"{self.url} answered no JSON: {error}") from error


class Statistics:
    def __init__(self):
        self.requests = self.cache_hits = self.bytes = 0
        self.used_offline = False
        self.content_hashes, self.keys = [], []

    def note(self, key, content, is_hit, is_offline):
        self.requests += 1
        self.cache_hits += is_hit
        self.bytes += len(content)
        self.used_offline = self.used_offline or is_offline
        self.keys.append(key)
        self.content_hashes.append("sha256:" + hashlib.sha256(content).hexdigest())


_STATISTICS = Statistics()
_LAST_REQUEST = [0.0]


def statistics(node):
    """What `node` asked for, as run_results.json tells it; None where it asked for nothing."""
    told = _STATISTICS
    if told.requests == 0:
        return None
    return {"node": node, "requests": told.requests, "cache_hits": told.cache_hits, "bytes": told.bytes,
            "used_offline": told.used_offline, "content_hashes": told.content_hashes, "keys": told.keys}


def get(url, params=None, headers=None, ttl=None, timeout=None):
    """GET, from the cache when it may be.  Raises HttpError for a status of 400 and above."""
    mode = _mode()
    key = _key("GET", url, params, headers)
    is_offline = _flag("FF_HTTP_OFFLINE")
    if mode != "off":
        cached = _read(key, None if is_offline else _number("FF_HTTP_TTL", 0) if ttl is None else ttl)
        if cached is not None:
            _STATISTICS.note(key, cached.content, True, is_offline)
            return cached
    if is_offline:
        raise HttpError(f"{_shown(url, params)}: offline (FF_HTTP_OFFLINE), and the cache has no such answer")
    _check_domain(url)
    response = _fetch(url, params, headers, _number("FF_HTTP_TIMEOUT", 20) if timeout is None else timeout)
    _STATISTICS.note(key, response.content, False, False)
    if mode == "rw":
        _write(key, response)
    return response


def get_json(url, params=None, headers=None, ttl=None, timeout=None, paginator=None, json_path=None):
    """The answer's JSON, or what `json_path` (`data.items`) names in it.

    paginator(response_json, params) -> the params of the next page, or None at the end; then a list of all pages' values,
    those that are lists one after another.
    """
    if paginator is None:
        return _at(get(url, params, headers, ttl, timeout).json(), json_path, url)
    gathered = []
    while True:
        page = get(url, params, headers, ttl, timeout).json()
        value = _at(page, json_path, url)
        gathered.extend(value if isinstance(value, list) else [value])
        params = paginator(page, params)
        if params is None:
            return gathered


def get_df(url, params=None, headers=None, ttl=None, timeout=None, paginator=None, record_path=None, json_path=None):
    """The records of the answer as a DataFrame; nested fields become `a.b`."""
    import pandas  # pylint: disable=import-outside-toplevel
    records = get_json(url, params, headers, ttl, timeout, paginator, json_path or _dotted(record_path))
    if isinstance(records, dict):
        records = [records]
    return pandas.json_normalize(records)


def _dotted(path):
    return ".".join(path) if isinstance(path, (list, tuple)) else path


def _at(value, path, url):
    for part in (path or "").split("."):
        if not part:
            continue
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise HttpError(f"{url}: its answer has no '{path}'") from error
    return value


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Only to where requests may go, and without what is for the first host alone."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _check_domain(newurl)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            for name in [name for name in request.headers if _is_secret(name)]:
                request.remove_header(name)
        return request


_OPENER = urllib.request.build_opener(_Redirects)


def _is_secret(name):
    return any(word in str(name).lower() for word in SECRET_WORDS)


def _fetch(url, params, headers, timeout):
    request = urllib.request.Request(_with_params(url, params), headers={str(k): str(v) for k, v in (headers or {}).items()})
    retries = max(0, int(_number("FF_HTTP_MAX_RETRIES", 3)))
    for attempt in range(retries + 1):
        _wait_for_rate()
        try:
            with _OPENER.open(request, timeout=timeout) as answer:
                return Response(url, answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            if attempt == retries or not (error.code == 429 or error.code >= 500):
                raise HttpError(f"{_shown(url, params)}: status {error.code} {error.reason}") from None
            _pause(attempt, error.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException) as error:
            if attempt == retries:
                raise HttpError(f"{_shown(url, params)}: {getattr(error, 'reason', error)}") from None
            _pause(attempt, None)
    raise AssertionError("unreachable")


def _pause(attempt, retry_after):
    seconds = min(RETRY_MAX_S, 0.2 * 2 ** attempt) * random.uniform(0.5, 1)
    if retry_after:
        try:
            seconds = float(retry_after)
        except ValueError:
            moment = email.utils.parsedate_tz(retry_after)
            seconds = email.utils.mktime_tz(moment) - time.time() if moment else seconds
    time.sleep(max(0.0, min(RETRY_MAX_S, seconds)))


def _wait_for_rate():
    per_second = _number("FF_HTTP_RATE_LIMIT_RPS", 0)
    if per_second > 0:
        left = _LAST_REQUEST[0] + 1 / per_second - time.monotonic()
        if left > 0:
            time.sleep(left)
    _LAST_REQUEST[0] = time.monotonic()


def _check_domain(url):
    allowed = [domain.strip().lower() for domain in os.environ.get("FF_HTTP_ALLOWED_DOMAINS", "").split(",") if domain.strip()]
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HttpError(f"{url} is no http:// or https:// URL")
    host = parts.hostname.lower()
    if allowed and not any(host == domain or host.endswith("." + domain) for domain in allowed):
        raise HttpError(f"{url}: {host} is none of FF_HTTP_ALLOWED_DOMAINS ({', '.join(allowed)})")


def _key(method, url, params, headers):
    shown = {str(name): "***" if _is_secret(name) else str(value) for name, value in (headers or {}).items()}
    text = json.dumps({"method": method, "url": url, "params": params or {}, "headers": shown}, sort_keys=True,
                      separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_params(url, params):
    if not params:
        return url
    return url + ("&" if "?" in url else "?") + urllib.parse.urlencode(params, doseq=True)


def _shown(url, params):
    shown = {name: "***" if _is_secret(name) else value for name, value in (params or {}).items()}
    return "GET " + _with_params(url, shown)


def _folder():
    return os.environ.get("FF_HTTP_CACHE_DIR") or ".local/http-cache"


def _read(key, ttl):
    """None when there is no entry, or one that is older than `ttl` seconds; 0 and None: of any age."""
    try:
        with open(os.path.join(_folder(), key + ".json"), encoding="utf-8") as file:
            entry = json.load(file)
        with open(os.path.join(_folder(), key + ".bin"), "rb") as file:
            content = file.read()
        if ttl and time.time() - entry["ts"] > ttl:
            return None
        if entry["content_hash"] != "sha256:" + hashlib.sha256(content).hexdigest():
            return None  # cut short by a crash
        return Response(entry["url"], entry["status"], entry["headers"], content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(key, response):
    folder = _folder()
    headers = {name: value for name, value in response.headers.items() if not _is_secret(name)}
    entry = {"ts": time.time(), "status": response.status, "headers": headers, "url": response.url,
             "content_hash": "sha256:" + hashlib.sha256(response.content).hexdigest()}
    try:
        os.makedirs(folder, exist_ok=True)
        for name, content in ((key + ".bin", response.content), (key + ".json", json.dumps(entry).encode())):
            path = os.path.join(folder, name)
            partial = f"{path}.{os.getpid()}"
            with open(partial, "wb") as file:
                file.write(content)
            os.replace(partial, path)
    except OSError as error:  # the answer is good all the same
        print(f"the cache of HTTP answers {folder} cannot be written: {error.strerror}")


def _mode():
    mode = os.environ.get("FF_HTTP_CACHE_MODE", "") or "rw"
    if mode not in ("rw", "ro", "off"):
        raise HttpError(f"FF_HTTP_CACHE_MODE={mode} is none of rw, ro, off")
    return mode


def _flag(name):
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def _number(name, otherwise):
    text = os.environ.get(name, "")
    try:
        return float(text) if text else otherwise
    except ValueError:
        raise HttpError(f"{name}={text} is no number") from None

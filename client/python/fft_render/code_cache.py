"""What templates said and what they were compiled to, from one run to the next: that is what rendering costs."""

import hashlib
import marshal
import os
import sys
import tempfile

import jinja2


class CodeCache:
    """One file, which is a copy of what can be made again: when it cannot be read or written, or is of another Python,
    nothing is remembered.  It holds what was asked for in the last run."""

    TAG = ("fft-jinja-1", sys.version, jinja2.__version__)

    def __init__(self, path):
        self._path = path
        self._known = self._load() if path else {}
        self._used = {}

    @staticmethod
    def key(path, text):
        """The path is in the code: it is what faults name."""
        return hashlib.sha256(f"{path}\0{text}".encode("utf-8", "surrogatepass")).digest()

    def find(self, key):
        found = self._known.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def keep(self, key, value):
        """`value` is of plain values and code objects."""
        self._used[key] = value

    def save(self):
        if not self._path or self._used == self._known:
            return
        try:
            folder = os.path.dirname(self._path)
            os.makedirs(folder, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=folder, prefix=".jinja-")
            with os.fdopen(handle, "wb") as file:
                file.write(marshal.dumps((self.TAG, self._used)))
            os.replace(draft, self._path)
        except (OSError, ValueError):
            pass

    def _load(self):
        try:
            with open(self._path, "rb") as file:
                tag, known = marshal.load(file)
            return known if tag == self.TAG else {}
        except (OSError, ValueError, EOFError, TypeError):
            return {}

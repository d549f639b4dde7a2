"""What no compiler checks: who includes whom, how long files are, words that must not stay."""

import pathlib
import re
import shutil
import subprocess
import unittest

import rooms

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
LONGEST = {"header": 150, "source": 400, "test": 600}
SLEEPS = re.compile(
    r"\b(sleep_for|sleep_until|usleep|nanosleep|SleepFor|time\.sleep)\b|(?<![\w.])sleep\s*\(|^\s*sleep\s+\d", re.M)
HOLLOW = re.compile(r"\b(?:class|struct|enum class)\s+(\w*(?:Manager|Helper|Util|Utils|Impl|Info))\b(?!\s*;)")
# In two halves, so that this file passes.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def listed(*patterns):
    """Files that git knows or would add."""
    shown = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z", *patterns],
        cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode()
    return sorted(ROOT / name for name in shown.split("\0") if name and (ROOT / name).is_file())


def room_of(path):
    """`server/plan`, `client/ctl`; None outside the rooms."""
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[:2]) if parts[0] in ("server", "client") and len(parts) > 2 else None


class Tidy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.code = {path: path.read_text(encoding="utf-8") for path in listed("*.cc", "*.h")}

    def none_of(self, wrong, what):
        if wrong:
            self.fail(f"{what}:\n  " + "\n  ".join(wrong))

    def includes(self):
        for path, text in self.code.items():
            for name in INCLUDE.findall(text):
                yield path, name

    def test_rooms_include_only_what_stands_below(self):
        wrong = []
        for path, name in self.includes():
            room, target = room_of(path), name.split("/")
            if room is None or target[0] not in ("server", "client") or len(target) < 3:
                continue
            side, here = room.split("/")
            if side == "server":
                if here not in rooms.SERVER:
                    wrong.append(f"{path.relative_to(ROOT)}: room {room} is not in tests/tidy/rooms.py")
                    continue
                allowed = target[0] == "server" and target[1] in rooms.SERVER[here] | {here}
            else:
                of_server, of_client = rooms.CLIENT.get(here, (set(), set()))
                allowed = target[1] in (of_server if target[0] == "server" else of_client | {here})
            if not allowed:
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
        self.none_of(wrong, "includes across floors")

    def test_libraries_stay_in_their_rooms(self):
        wrong = []
        for path, name in self.includes():
            room = room_of(path)
            for beginning, may in rooms.LIBRARIES.items():
                if room and name.startswith(beginning) and room not in may:
                    wrong.append(f"{path.relative_to(ROOT)} includes {name}")
        self.none_of(wrong, "libraries outside the rooms that may name them")

    def test_pure_rooms_have_no_thread_clock_or_file(self):
        wrong = [f"{path.relative_to(ROOT)} includes {name}" for path, name in self.includes()
                 if (room_of(path) or "").removeprefix("server/") in rooms.PURE
                 and name in rooms.PURE_FORBIDDEN]
        self.none_of(wrong, "the outside world in a pure room")

    def test_slow_headers_stay_out_of_headers(self):
        wrong = [f"{path.relative_to(ROOT)} includes {name}" for path, name in self.includes()
                 if path.suffix == ".h" and room_of(path) and name.startswith(tuple(rooms.SOURCE_ONLY))]
        self.none_of(wrong, "slow headers in headers")

    def test_includes_begin_at_the_root(self):
        wrong = [f"{path.relative_to(ROOT)} includes {name}" for path, name in self.includes()
                 if name.startswith(("./", "../"))]
        self.none_of(wrong, "relative includes")

    def test_names_say_what_a_thing_is(self):
        wrong = [f"{path.relative_to(ROOT)}: {name}" for path, text in self.code.items()
                 for name in HOLLOW.findall(text)]
        self.none_of(wrong, "names that say nothing")

    def test_no_two_things_have_one_name(self):
        """Two classes of one name in namespace fft link without a word and destroy each other's objects."""
        seen, wrong = {}, []
        for path, text in self.code.items():
            side = (room_of(path) or "").split("/")[0]
            if not side:
                continue
            text = re.sub(r"^namespace \{$.*?^\}  // namespace$", "", text, flags=re.S | re.M)
            namespace = tuple(n for n in re.findall(r"^namespace ([\w:]+) \{$", text, flags=re.M) if n != "fft")
            for name in re.findall(r"^(?:class|struct|enum class)\s+(\w+)\b(?!::)[^;\n]*\{", text, flags=re.M):
                other = seen.setdefault((namespace, name), (side, path))
                shared = {"server/base", "server/domain"} & {room_of(path), room_of(other[1])}
                if other[1] != path and (other[0] == side or shared):
                    wrong.append(f"{name}: {path.relative_to(ROOT)} and {other[1].relative_to(ROOT)}")
        self.none_of(wrong, "names that mean two things")

    def test_headers_are_guarded(self):
        wrong = [str(path.relative_to(ROOT)) for path, text in self.code.items()
                 if path.suffix == ".h" and "#pragma once" not in text]
        self.none_of(wrong, "headers without #pragma once")

    def test_files_hold_one_thing(self):
        wrong = []
        for path in listed("*.cc", "*.h", "*.py"):
            name = path.relative_to(ROOT)
            kind = "test" if name.parts[0] == "tests" else "header" if path.suffix == ".h" else "source"
            lines = path.read_text(encoding="utf-8").count("\n")
            if lines > LONGEST[kind]:
                wrong.append(f"{name}: {lines} lines; a {kind} has at most {LONGEST[kind]}")
        self.none_of(wrong, "files that are full")

    def test_nothing_sleeps(self):
        wrong = []
        for path in listed("tests/*.cc", "tests/*.h", "tests/*.py", "tests/*.sh"):
            if path == pathlib.Path(__file__).resolve():
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if SLEEPS.search(line):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
        self.none_of(wrong, "tests that sleep")

    def test_nothing_is_left_for_later(self):
        wrong = []
        for path in listed():
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if UNFINISHED.search(line):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
        self.none_of(wrong, "words that promise something for later")

    def test_links_between_pages_lead_somewhere(self):
        wrong = []
        for path in listed("*.md"):
            text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
            for target in re.findall(r"\]\(([^)#\s]+)", text):
                if "://" not in target and not (path.parent / target).exists():
                    wrong.append(f"{path.relative_to(ROOT)}: {target}")
        self.none_of(wrong, "links to nothing")

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_code_is_formatted(self):
        names = [str(path) for path in self.code]
        shown = subprocess.run(["clang-format", "--dry-run", *names], cwd=ROOT, check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr.decode()
        wrong = sorted({line.split(":")[0].removeprefix(f"{ROOT}/") for line in shown.splitlines()
                        if "[-Wclang-format-violations]" in line})
        self.none_of(wrong, "files that clang-format would change")


if __name__ == "__main__":
    unittest.main()

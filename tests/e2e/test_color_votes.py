"""examples/color_votes: two reports of neighbouring dates, asked for at once, share their windows."""

import concurrent.futures
import datetime
import unittest

import api
import graphs
import world

COLORS = ("blue", "green", "red")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_/"


def votes(day, color):
    value = 17
    for letter in f"{day}/{color}":
        value = (value * 131 + LETTERS.index(letter) + 1) % 2147483647
    return 100 + value % 1000


def window(day, length):
    return [day - datetime.timedelta(days=back) for back in range(length)]


def expected_report(day, color):
    lines = [f"Votes for {color} on {day}"]
    for name, length in (("day", 1), ("week", 7), ("month", 28)):
        mine = sum(votes(d, color) for d in window(day, length))
        total = sum(votes(d, c) for d in window(day, length) for c in COLORS)
        lines.append(f"{name:<6} {mine:7d} of {total:7d}  {100 * mine / total:5.1f} %")
    return "\n".join(lines) + "\n"


class ColorVotes(world.WorldTest):
    def setUp(self):
        self.folder = graphs.copy_example("color_votes", self.world.folder)
        self.world.deploy(self.folder)

    def test_neighbours_share_their_windows(self):
        first, second = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)
        refs = [f"color_vote_report/{day}/red" for day in (first, second)]
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            watchers = list(threads.map(lambda ref: self.world.build("color_votes", [ref]), refs))
        for watcher, ref, day in zip(watchers, refs, (first, second)):
            self.assert_succeeded(watcher)
            self.assertEqual((self.folder / "data" / ref).read_text(), expected_report(day, "red"))
        days = window(second, 29)
        for day in days:
            for color in COLORS:
                runs = self.world.client.runs_of("color_votes", f"daily_color_votes/{day}/{color}")
                self.assertEqual(len(runs), 1, f"{day} {color}")
            self.assertEqual(len(self.world.client.runs_of("color_votes", f"daily_votes/{day}")), 1)
        ran = {c.node for w in watchers for c in w.in_state(api.types.NODE_SUCCEEDED)}
        # 29 days of three colours and of all; two weeks and two months of red and of all; two reports.
        self.assertEqual(len(ran), 29 * 3 + 29 + 2 * 4 + 2)


if __name__ == "__main__":
    unittest.main()

"""What every partition of examples/weather must hold, computed straight from weather.csv.

Shares nothing with the example's programs: exact fractions instead of sums of rounded columns.  A cell is
compared as text, or, when it is a number, to within one unit of the last place that the file shows.
"""

import csv
import pathlib
from fractions import Fraction

KINDS = ("drizzle", "fog", "rain", "snow", "sun")
BEAUFORT = [Fraction(b) for b in "0.3 1.6 3.4 5.5 8.0 10.8 13.9 17.2 20.8 24.5 28.5 32.7".split()]


class Day:
    def __init__(self, row):
        self.row = row
        self.city = row["location"].replace(" ", "_")
        self.date = row["date"]
        self.rain, self.high, self.low, self.wind = (
            Fraction(row[name]) for name in ("precipitation", "temp_max", "temp_min", "wind"))
        self.mean = (self.high + self.low) / 2
        self.degrees = max(Fraction(18) - self.mean, Fraction(0))
        self.kind = row["weather"]


def first_at(days, key, best):
    value = best(key(d) for d in days)
    return next(d for d in days if key(d) == value)


class Period:
    """Days summed up, in the order of their dates."""

    def __init__(self, days):
        self.days = sorted(days, key=lambda d: d.date)
        self.count = len(days)
        self.temp_sum = sum(d.mean for d in days)
        self.mean = self.temp_sum / self.count
        self.hottest = first_at(self.days, lambda d: d.high, max)
        self.coldest = first_at(self.days, lambda d: d.low, min)
        self.wettest = first_at(self.days, lambda d: d.rain, max)
        self.rain = sum(d.rain for d in days)
        self.wet = sum(d.rain >= 1 for d in days)
        self.frost = sum(d.low < 0 for d in days)
        self.wind_sum = sum(d.wind for d in days)
        self.wind = self.wind_sum / self.count
        self.gust = max(d.wind for d in days)
        self.degrees = sum(d.degrees for d in days)
        self.kinds = [sum(d.kind == kind for d in days) for kind in KINDS]


def read_days(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [Day(row) for row in csv.DictReader(file)]


def raw(day):
    return [list(day.row), list(day.row.values())]


def daily(day):
    force = sum(day.wind >= bound for bound in BEAUFORT)
    return [["city", "date", "temp_max", "temp_min", "temp_mean", "temp_range", "precipitation", "wet",
             "frost", "wind", "beaufort", "heating_degrees", "weather"],
            [day.city, day.date, day.high, day.low, day.mean, day.high - day.low, day.rain,
             int(day.rain >= 1), int(day.low < 0), day.wind, force, day.degrees, day.kind]]


def monthly(city, month, p):
    return [["city", "month", "days", "temp_sum", "temp_mean", "temp_max", "temp_max_date", "temp_min",
             "temp_min_date", "precipitation", "wet_days", "wettest", "wettest_date", "frost_days",
             "wind_sum", "wind_mean", "wind_max", "heating_degrees", *KINDS],
            [city, month, p.count, p.temp_sum, p.mean, p.hottest.high, p.hottest.date, p.coldest.low,
             p.coldest.date, p.rain, p.wet, p.wettest.rain, p.wettest.date, p.frost, p.wind_sum, p.wind,
             p.gust, p.degrees, *p.kinds]]


def yearly(city, year, p, months):
    def month(key, best):
        value = best(key(m) for m in months.values())
        return next(name for name, m in sorted(months.items()) if key(m) == value)

    return [["city", "year", "days", "temp_mean", "temp_max", "temp_max_date", "temp_min", "temp_min_date",
             "warmest_month", "coldest_month", "precipitation", "wet_days", "wettest", "wettest_date",
             "wettest_month", "frost_days", "wind_mean", "wind_max", "heating_degrees", *KINDS],
            [city, year, p.count, p.mean, p.hottest.high, p.hottest.date, p.coldest.low, p.coldest.date,
             month(lambda m: m.mean, max), month(lambda m: m.mean, min), p.rain, p.wet, p.wettest.rain,
             p.wettest.date, month(lambda m: m.rain, max), p.frost, p.wind, p.gust, p.degrees, *p.kinds]]


def report(city, years, whole):
    name = city.replace("_", " ").split()
    rows = [["Weather", "in", *name], [],
            "year mean high low rain mm wet days frost days wind m/s heating degrees".split()]
    rows += [[year, p.mean, p.hottest.high, p.coldest.low, p.rain, p.wet, p.frost, p.wind, p.degrees]
             for year, p in sorted(years.items())]
    rows += [[], ["Days", "of"], ["year", *KINDS]]
    rows += [[year, *p.kinds] for year, p in sorted(years.items())]
    return rows + [[], ["Hottest", whole.hottest.date, whole.hottest.high, "C"],
                   ["Coldest", whole.coldest.date, whole.coldest.low, "C"],
                   ["Wettest", whole.wettest.date, whole.wettest.rain, "mm"]]


def comparison(seattle, new_york):
    rows = ["year Seattle New York difference more".split()]
    wins = {}
    measures = (("mean", "C", lambda p: p.mean), ("rain", "mm", lambda p: p.rain),
                ("wind", "m/s", lambda p: p.wind), ("sun", "days", lambda p: Fraction(p.kinds[4])))
    for year in sorted(seattle):
        for what, unit, of in measures:
            a, b = of(seattle[year]), of(new_york[year])
            more = ["Seattle"] if a > b else ["New", "York"] if a < b else ["both", "alike"]
            wins[what] = wins.get(what, 0) + (a > b)
            rows.append([year, what, unit, a, b, a - b, *more])
    rows.append([])
    for what, word in (("mean", "warmer"), ("rain", "wetter"), ("wind", "windier"), ("sun", "sunnier")):
        rows.append(["Seattle", "was", word, "in", str(wins[what]), "of", str(len(seattle)), "years."])
    return rows


def group(days, key):
    groups = {}
    for day in days:
        groups.setdefault(key(day), []).append(day)
    return {name: Period(members) for name, members in groups.items()}


def expected(csv_path):
    """ref -> rows of cells."""
    days = read_days(csv_path)
    want = {}
    years_of = {}
    for day in days:
        want[f"weather/raw/{day.city}/{day.date}"] = raw(day)
        want[f"weather/daily/{day.city}/{day.date}"] = daily(day)
    for city in sorted({d.city for d in days}):
        mine = [d for d in days if d.city == city]
        months = group(mine, lambda d: d.date[:7])
        years = group(mine, lambda d: d.date[:4])
        years_of[city] = years
        for month, period in months.items():
            want[f"weather/monthly/{city}/{month}"] = monthly(city, month, period)
        for year, period in years.items():
            of_year = {m: p for m, p in months.items() if m.startswith(year)}
            want[f"weather/yearly/{city}/{year}"] = yearly(city, year, period, of_year)
        want[f"weather/report/{city}"] = report(city, years, Period(mine))
    want["weather/comparison"] = comparison(years_of["Seattle"], years_of["New_York"])
    return want


def cell_differs(want, got):
    if isinstance(want, str):
        return want != got
    try:
        value = Fraction(got)
    except ValueError:
        return True
    places = len(got.partition(".")[2])
    return abs(value - want) > (Fraction(1, 10**places) if places or want != int(want) else 0)


def cells(ref, line):
    if ref.startswith("weather/raw/"):
        return line.split(",")
    return line.split()


def differences(data_dir, csv_path):
    """One line for each partition that is missing or wrong; nothing: all is well."""
    wrong = []
    for ref, rows in expected(csv_path).items():
        path = pathlib.Path(data_dir) / ref
        if not path.is_file():
            wrong.append(f"{ref}: missing")
            continue
        got = [cells(ref, line) for line in path.read_text(encoding="utf-8").splitlines()]
        if len(got) != len(rows):
            wrong.append(f"{ref}: {len(got)} lines, not {len(rows)}")
            continue
        for number, (want_row, got_row) in enumerate(zip(rows, got), 1):
            if len(want_row) != len(got_row) or any(map(cell_differs, want_row, got_row)):
                wrong.append(f"{ref}:{number}: {got_row}, not {[str(c) for c in want_row]}")
    return wrong

"""Which room may include which, and which outside library it may name: docs/architecture.md as data."""

BELOW_APP = {"base", "domain", "graph", "fingerprint", "plan", "schedule"}

# Room -> rooms of server/ that it may include beside itself.
SERVER = {
    "base": set(),
    "domain": {"base"},
    "graph": {"domain", "base"},
    "fingerprint": {"domain", "base"},
    # docs/decisions/0002: result keys are fixed at grant.
    "schedule": {"fingerprint", "domain", "base"},
    "plan": {"graph", "fingerprint", "domain", "base"},
    "app": BELOW_APP,
    "store": {"app", "domain", "base"},
    "rpc": {"app", "domain", "base"},
    "telemetry": {"app", "domain", "base"},
    "config": {"app", "domain", "base"},
    "daemon": BELOW_APP | {"app", "store", "rpc", "telemetry", "config"},
}

# Room of client/ -> what it may include: rooms of server/ and of client/.
CLIENT = {
    "lib": ({"base", "domain"}, set()),
    "sql": ({"base", "domain"}, set()),
    "worker": ({"base", "domain"}, {"lib", "sql"}),
    "frontends": ({"base", "domain"}, {"lib"}),
    "ctl": ({"base", "domain"}, {"lib", "frontends", "sql"}),
}

CLIENTS = {"client/lib", "client/sql", "client/worker", "client/frontends", "client/ctl"}

# Beginning of an include -> the rooms that may say it.
LIBRARIES = {
    "pqxx/": {"server/store"},
    "libpq-fe.h": {"server/store", "client/sql"},
    "libpq/": {"server/store", "client/sql"},
    "postgresql/": {"server/store", "client/sql"},
    "grpc/": {"server/rpc", "server/daemon"} | CLIENTS,
    "grpcpp/": {"server/rpc", "server/daemon"} | CLIENTS,
    "google/": {"server/rpc", "server/daemon"} | CLIENTS,
    "fft/build/v1/": {"server/rpc", "server/daemon"} | CLIENTS,
    "absl/": {"server/base", "server/rpc"},
    "prometheus/": {"server/telemetry", "server/daemon"},
    "spdlog/": {"server/base", "server/telemetry", "server/daemon"},
    "yaml-cpp/": {"server/config", "client/frontends"},
    "CLI/": {"server/config", "server/daemon", "client/worker", "client/ctl"},
    "openssl/": {"server/base"},
}

# Floors 0 to 2½: everything these need is an argument.
PURE = {"domain", "graph", "fingerprint", "plan", "schedule"}
PURE_FORBIDDEN = {
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "stop_token", "semaphore",
    "latch", "barrier", "random", "fstream", "filesystem", "iostream", "cstdio", "ctime", "unistd.h",
    "fcntl.h", "sys/stat.h", "sys/socket.h", "time.h", "server/base/bounded_queue.h",
}

# Headers that are slow to compile, or whose names must not spread.
SOURCE_ONLY = {"spdlog/spdlog.h", "CLI/CLI.hpp", "nlohmann/json.hpp", "openssl/"}

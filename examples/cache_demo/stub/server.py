#!/usr/bin/python3
"""A service on loopback in place of one on the net: GET /users.  usage: server.py [PORT]"""

import http.server
import json
import sys

USERS = {"users": [{"id": 1, "username": "ann", "city": "Seattle"}, {"id": 2, "username": "ben", "city": "New York"},
                   {"id": 3, "username": "cas", "city": "Seattle"}]}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_known = self.path.split("?")[0] == "/users"
        body = json.dumps(USERS if is_known else {"error": "no such path"}).encode()
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Silent."""


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8377), Handler)
    print(f"serving at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()

"""A small web server for tests: prints its port, and serves until its input ends.

What it answers is in the path: /status/404, /size/1000000, /slow, /drip, /redirect, /echo (what was asked, as JSON), /close.
"""

import http.server
import json
import sys
import threading
import time


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        word, _, rest = self.path.strip("/").partition("/")
        if word == "status":
            self.answer(int(rest), b"as asked")
        elif word == "size":
            self.answer(200, b"x" * int(rest))
        elif word == "slow":
            time.sleep(600)
        elif word == "drip":  # never silent for long, and never done
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while True:
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.01)
        elif word == "redirect":
            self.answer(302, Location="/echo")
        elif word == "close":
            self.close_connection = True
            self.connection.close()
        else:
            asked = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
            self.answer(200, json.dumps(asked).encode())

    do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # whoever asked has gone: as the tests do
        pass


def main():
    server = Server(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


main()

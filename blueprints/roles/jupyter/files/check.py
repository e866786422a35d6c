"""A stranger is refused; with the token a notebook's kernel starts, computes, and is ended."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

import websocket

SERVER = f"127.0.0.1:{sys.argv[1]}"
TOKEN = os.environ["TOKEN"]
SECONDS = 60


def ask(method, path, token=TOKEN, data=None):
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{SERVER}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - an address of its own machine
        return json.loads(answer.read() or b"null")


def compute(kernel):
    address = f"ws://{SERVER}/api/kernels/{kernel}/channels"
    channels = websocket.create_connection(address, timeout=SECONDS, header=[f"Authorization: token {TOKEN}"])
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": uuid.uuid4().hex, "version": "5.3"}
    question = {
        "header": header | {"msg_type": "execute_request", "date": ""},
        "parent_header": {},
        "metadata": {},
        "content": {"code": "print(6 * 7)", "silent": False, "store_history": False, "allow_stdin": False},
        "buffers": [],
        "channel": "shell",
    }
    channels.send(json.dumps(question))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        message = json.loads(channels.recv())
        if message["msg_type"] == "stream":
            return message["content"]["text"].strip()
    sys.exit("the notebook's kernel did not answer")


try:
    ask("GET", "/api/status", token="wrong")  # noqa: S106
    sys.exit("JupyterLab lets in who has no token")
except urllib.error.HTTPError as error:
    if error.code != 403:
        raise
kernel = ask("POST", "/api/kernels", data=b"{}")["id"]
try:
    found = compute(kernel)
    if found != "42":
        sys.exit(f"the notebook's kernel computed {found}")
finally:
    ask("DELETE", f"/api/kernels/{kernel}")

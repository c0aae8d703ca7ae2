"""Programs that know nothing of ours take part by docs/reference/formats.md and protocol.md alone."""

import asyncio
import hashlib
import json
import secrets
import struct
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.conftest import missing
from tests.hub.hubs import Process, process

WEB = Path(__file__).resolve().parents[2] / "web"
NODE_CLIENT = Path(__file__).with_name("third_party.mjs")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process(tmp_path_factory.mktemp("hub") / "hub.sqlite3", window=2, unit=300, cohort=1) as one:
        yield one


def test_a_plain_python_client_takes_part(hub: Process) -> None:
    with urllib.request.urlopen(hub.address + "/v1/space") as answer:  # noqa: S310 - our own address
        space = json.load(answer)

    async def story() -> None:
        canonical = space["tasks"][0].encode()
        task = json.loads(canonical)
        assert canonical == json.dumps(task, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        epoch = int(time.time()) // task["window"]
        one = b"\x94\xc4\x20" + hashlib.sha256(canonical).digest()
        one += b"\xce" + struct.pack(">I", epoch) + b"\xcd" + struct.pack(">H", 5)
        one += b"\xc4\x10" + secrets.token_bytes(12) + struct.pack(">I", 0)
        async with connect(hub.sockets + "/v1/watch") as watch, connect(hub.sockets + "/v1/intake") as intake:
            await intake.send(one)
            assert json.loads(await intake.recv()) == {"ack": 1}
            await intake.send(one)
            assert json.loads(await intake.recv())["code"] == "duplicate"
            assert json.loads(await intake.recv()) == {"ack": 2}
            async with asyncio.timeout(15):
                while (frame := json.loads(await watch.recv()))["at"] <= epoch * task["window"]:
                    pass
        assert frame["state"] == "open"
        assert sum(frame["cells"]) == 10_000

    asyncio.run(story())


def test_nodes_ws_takes_part(hub: Process, node: str) -> None:
    if not (WEB / "node_modules" / "ws").is_dir():
        missing("no `ws` in web/node_modules: `make web` installs it")
    command = [node, str(NODE_CLIENT), str(WEB / "node_modules" / "ws" / "wrapper.mjs"), hub.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["answers"] == [{"ack": 1}]
    assert result["frame"]["state"] == "open"

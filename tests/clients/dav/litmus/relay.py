"""Passes bytes on to the server, with some collections under other names, for ./litmus.sh.

litmus makes its collections inside its own one, `litmus/`. That one is a group here, and there is no
group inside a group; so `litmus/coll` becomes the group `litmus-coll` on the way there, and back. The
names are equally long, which keeps every Content-Length true. Every answer is the server's own.

Usage: relay.py HOST PORT; prints the port that it listens on.
"""

import asyncio
import sys

NAMES = [(b"/litmus/coll", b"/litmus-coll"), (b"/litmus/frag", b"/litmus-frag")]


def there(data):
    for inside, beside in NAMES:
        data = data.replace(inside, beside)
    return data


def back(data):
    for inside, beside in NAMES:
        data = data.replace(beside, inside)
    return data


async def pump(reader, writer, renamed):
    # A head comes in one piece: it fits into a packet.
    while data := await reader.read(65536):
        writer.write(renamed(data))
        await writer.drain()
    writer.close()


async def relay(reader, writer):
    server_reader, server_writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    await asyncio.gather(
        pump(reader, server_writer, there), pump(server_reader, writer, back), return_exceptions=True
    )


async def main():
    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

"""A wire that takes its time."""

import asyncio
import threading


class Relay:
    """Passes bytes on between those who connect to it and a port, each some time after it came.

    Both directions have the delay, and nothing else: what is sent together arrives together.
    """

    def __init__(self, port: int, *, delay: float):
        self._target = port
        self._delay = delay
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _accept(self, reader, writer):
        target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, target_writer), self._pass(target_reader, writer))

    async def _pass(self, reader, writer):
        try:
            while data := await reader.read(65536):
                self._loop.call_later(self._delay, writer.write, data)
        except ConnectionError:
            pass
        self._loop.call_later(self._delay, writer.close)

    def close(self) -> None:
        async def end():
            self._server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

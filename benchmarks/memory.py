"""How much memory a benchmark's own process held."""

import threading

import psutil


class Memory:
    """The most memory (resident, in bytes) that this process held while the block ran."""

    def __enter__(self):
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self):
        me = psutil.Process()
        while not self._stop.wait(0.01):
            self.most = max(self.most, me.memory_info().rss)

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

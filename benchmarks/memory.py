"""How much memory a benchmark held while it ran."""

import threading

import psutil


class Memory:
    """The most memory (resident, in bytes) that this process held while the block ran."""

    every = 0.01

    def __enter__(self):
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self):
        me = psutil.Process()
        while not self._stop.wait(self.every):
            self._look(me)

    def _look(self, me):
        self.most = max(self.most, me.memory_info().rss)

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


class FamilyMemory(Memory):
    """The same of this process and its children (proportional set size): all ``together``, and the ``largest``."""

    every = 0.1
    together = largest = 0

    def _look(self, me):
        sizes = []
        for process in [me, *me.children(recursive=True)]:
            try:
                info = process.memory_full_info()
                sizes.append(getattr(info, "pss", info.rss))
            except psutil.Error:
                continue
        self.together = max(self.together, sum(sizes))
        self.largest = max(self.largest, *sizes)

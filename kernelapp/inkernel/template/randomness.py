"""Random generators across a fork: those that the author seeded go on as in a fresh run, all others differ between sessions."""

from __future__ import annotations

import gc
import random
import sys
import weakref
from typing import Any


class Randomness:
    """Watches what is seeded; `remember` before the fork, `restore` after it."""

    def __init__(self) -> None:
        self._seeded: weakref.WeakSet[random.Random] = weakref.WeakSet()
        self._global_state: Any = None
        self._unseeded: list[random.Random] = []
        self._bit_generators: list[Any] = []
        self._drawn: set[int] = set()
        self._torch_seed: int | None = None
        self._torch_renews = False

    def install(self) -> None:
        """Watch the standard library's generators from now on; those of other libraries when `library_loaded` tells of them."""
        seed, setstate, seeded = random.Random.seed, random.Random.setstate, self._seeded

        def watched_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
            seed(self, a, version)
            (seeded.discard if a is None else seeded.add)(self)

        def watched_setstate(self: random.Random, state: Any) -> None:
            setstate(self, state)
            seeded.add(self)

        random.Random.seed = watched_seed  # type: ignore[method-assign]
        random.Random.setstate = watched_setstate  # type: ignore[method-assign]
        instance = random._inst
        random.seed = instance.seed
        random.setstate = instance.setstate

    def watch_numpy(self, module: Any) -> None:
        """`numpy.random.bit_generator` was loaded: note what it draws from the system for generators without a seed."""
        draw, drawn = module.randbits, self._drawn

        def watched_draw(bits: int) -> int:
            value: int = draw(bits)
            drawn.add(value)
            return value

        module.randbits = watched_draw

    def watch_torch(self, module: Any) -> None:
        """torch was loaded: remember its own seed."""
        self._torch_seed = module.initial_seed()

    def remember(self) -> None:
        """Note the state of everything seeded, and find what is not."""
        instance = random._inst
        if instance in self._seeded:
            self._global_state = instance.getstate()
        objects = gc.get_objects()
        self._unseeded = [
            thing
            for thing in objects
            if isinstance(thing, random.Random)
            and not isinstance(thing, random.SystemRandom)
            and thing is not instance
            and thing not in self._seeded
        ]
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            kind = numpy_random.BitGenerator
            self._bit_generators = [thing for thing in objects if isinstance(thing, kind) and self._is_unseeded(thing)]
        torch = sys.modules.get("torch")
        self._torch_renews = torch is not None and self._torch_seed is not None and torch.initial_seed() == self._torch_seed

    def _is_unseeded(self, generator: Any) -> bool:
        sequence = generator.seed_seq
        if sequence is None:
            return False  # numpy.random.seed was called
        entropy = getattr(sequence, "entropy", None)
        shared = sys.modules["numpy.random"].mtrand._rand._bit_generator
        return generator is shared or (isinstance(entropy, int) and entropy in self._drawn)

    def restore(self) -> None:
        """After the fork: what was seeded goes on from where it was, everything else starts anew."""
        if self._global_state is not None:
            # Python itself has given it a new seed at the fork.
            random.setstate(self._global_state)
        for generator in self._unseeded:
            generator.seed()
        for bits in self._bit_generators:
            bits.__init__(None)
        if self._torch_renews:
            sys.modules["torch"].seed()

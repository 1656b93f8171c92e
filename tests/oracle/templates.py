"""The longer pieces of code that generated notebooks are made of; `$name` marks what the generator fills in."""

from string import Template


def fill(template: str, **values: object) -> str:
    """The template with its places filled."""
    return Template(template).substitute(values)


MAKE = """\
def make(by):
    def inner(it):
        return it + by + $one
    return inner
$name = make($two)"""

CLASS = """\
class $name$base:
    rate = $two
    def __init__(self, first):
        self.items = [first]
    def add(self, it):
        self.items.append(it + $one)
        return self
    def total(self):
        return sum(self.items) * self.rate
    @property
    def size(self):
        return len(self.items) + $three
    def __repr__(self):
        return f'<{self.items} {$four}>'"""

MATCH = """\
match $test:
    case 0:
        $name = $one
    case it if it > 3:
        $name = it
    case _:
        $name = $two"""

LOOP = """\
$name = 0
for it in range($test % 4):
    $name += $one
    if $name > 9:
        break
else:
    $name = $two"""

COUNTER = """\
def counter():
    count = $one
    def step():
        nonlocal count
        count += 1
        return count
    return step
$name = counter()"""

TWICE = """\
def twice(f):
    def inner(it):
        return f(f(it)) + $one
    return inner
@twice
def $name(it):
    return $call(it)"""

DATACLASS = """\
from dataclasses import dataclass, field
@dataclass
class $cls:
    a: int = 1
    items: list = field(default_factory=list)
d = $cls($one)
d.items.append($one)
d"""

BOX = """\
class Box:
    def __init__(self):
        self.held = {}
    def __getitem__(self, key):
        return self.held.get(key, $one)
    def __setitem__(self, key, it):
        self.held[key] = it
    def __len__(self):
        return len(self.held) + $one % 3
    def __iter__(self):
        yield from self.held
    def __add__(self, it):
        self.held['sum'] = it
        return self
box = Box()"""

ASYNC = """\
async def later():
    return $one
import asyncio
loop = asyncio.new_event_loop()
print(loop.run_until_complete(later()))
loop.close()
del loop"""

EACH = """\
def each():
    for it in range($one % 4):
        yield it + $two
$name = each()"""

SPREAD = """\
def spread(*args, **more):
    args[0].append($one)
    return len(args) + len(more)
print(spread($name, 1, k=$one))"""

CACHED = """\
import functools
@functools.lru_cache
def $name(it):
    return $call(it) + $one"""

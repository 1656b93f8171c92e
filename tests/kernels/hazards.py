"""What a notebook may do that a fork would break or share, and how far its template comes.

Each hazard is cells, and a question that is asked afterwards in two sessions and in a kernel of its own. `stops` matches the reason why
the template may not be forked after the last of its cells (the sessions run that one themselves then), None when it may. `alike`: all three
answers are the same; else no two are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hazard:
    """One row of the table."""

    name: str
    cells: tuple[str, ...]
    ask: str
    stops: str | None = None
    alike: bool = True
    needs: str = ""  # a library too large to be installed for this


# fmt: off
HAZARDS = (
    # threads, processes, tasks
    Hazard("thread", ("import threading, time", "count = []\ndef work():\n    while True:\n        count.append(1)\n        time.sleep(0.01)\nthreading.Thread(target=work, daemon=True).start()"),
           "before = len(count); time.sleep(0.3); len(count) > before", stops="thread"),
    Hazard("thread that ended", ("import threading\nfound = []\nt = threading.Thread(target=found.append, args=(1,)); t.start(); t.join()",),
           "t2 = threading.Thread(target=found.append, args=(2,)); t2.start(); t2.join(); found"),
    Hazard("executor", ("from concurrent.futures import ThreadPoolExecutor", "pool = ThreadPoolExecutor(2)\nlist(pool.map(abs, [-1]))"),
           "list(pool.map(abs, [-1, -2]))", stops="thread"),
    Hazard("executor of processes", ("from concurrent.futures import ProcessPoolExecutor", "pool = ProcessPoolExecutor(1)\nlist(pool.map(abs, [-1]))"),
           "list(pool.map(abs, [-1, -2]))", stops="thread"),
    Hazard("executor that ended", ("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n    list(pool.map(abs, [-1]))",),
           "with ThreadPoolExecutor(2) as pool: print(list(pool.map(abs, [-1, -2])))"),
    Hazard("asyncio task", ("import asyncio", "count = []\nasync def work():\n    while True:\n        count.append(1)\n        await asyncio.sleep(0.01)\ntask = asyncio.create_task(work())"),
           "before = len(count)\nawait asyncio.sleep(0.3)\nlen(count) > before", stops="asyncio task"),
    Hazard("asyncio without a task left", ("import asyncio\nlock = asyncio.Lock()\nloop = asyncio.get_running_loop()\nasync with lock:\n    await asyncio.sleep(0.01)",),
           "async with lock:\n    await asyncio.sleep(0.01)\nloop is asyncio.get_running_loop()"),
    Hazard("Popen", ("import subprocess", "p = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)"),
           "p.communicate('x')[0], p.returncode", stops="started"),
    Hazard("Popen that ended", ("import subprocess\np = subprocess.run(['echo', 'a'], capture_output=True, text=True)",), "p.stdout, subprocess.check_output(['echo', 'b'])"),
    Hazard("multiprocessing pool", ("import multiprocessing", "pool = multiprocessing.get_context('fork').Pool(2)"), "pool.map(abs, [-1, -2])", stops="thread"),
    Hazard("itimer", ("import signal, time", "hits = []\n_ = signal.signal(signal.SIGALRM, lambda *_: hits.append(1))\n_ = signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)"),
           "time.sleep(0.3); _ = signal.setitimer(signal.ITIMER_REAL, 0); len(hits) > 0", stops="timer"),
    # libraries with threads of their own
    Hazard("numpy's BLAS", ("import numpy as np\na = np.ones((800, 800)); b = a @ a",), "float((a @ a)[0, 0]), float(np.linalg.eigvalsh(a)[-1]).__round__()"),
    Hazard("scikit-learn after use", ("from sklearn.cluster import KMeans\nimport numpy as np\nx = np.arange(4000.0).reshape(-1, 2)", "m = KMeans(2, n_init=1, random_state=0).fit(x)"),
           "KMeans(2, n_init=1, random_state=0).fit(x).cluster_centers_.shape", stops="sklearn"),
    Hazard("polars after use", ("import polars as pl", "d = pl.DataFrame({'a': [1, 2] * 9999}).lazy().group_by('a').len().sort('a').collect()"),
           "d.lazy().group_by('a').agg(pl.col('len').sum()).sort('a').collect().rows()", stops="polars|eventpoll"),
    Hazard("torch after use", ("import torch", "x = torch.ones(3000, 300); y = (x @ x.T).sum(); z = torch.rand(3_000_000).exp().sum()"), "float((x @ x.T).sum())", stops="torch", needs="torch"),
    # memory and files
    Hazard("shared memory", ("from multiprocessing import shared_memory", "s = shared_memory.SharedMemory(create=True, size=8); s.buf[0] = 1"),
           "s.buf[0] += 1; print(s.buf[0]); s.close(); s.unlink()", stops="shared"),
    Hazard("memmap for writing", ("import numpy as np", "m = np.memmap('m.bin', dtype='u1', mode='w+', shape=(4,))"), "m[0] += 1; int(m[0]) > 0", stops="shared"),
    Hazard("memmap for reading", ("import numpy as np\nnp.arange(4, dtype='u1').tofile('r.bin')\nm = np.memmap('r.bin', dtype='u1', mode='r')",), "m.tolist()"),
    Hazard("memmap that copies on writing", ("import numpy as np\nnp.zeros(4, dtype='u1').tofile('c.bin')\nm = np.memmap('c.bin', dtype='u1', mode='c')",), "m[0] += 1; m.tolist()"),
    Hazard("file open for writing", ("pass", "f = open('w.txt', 'w'); _ = f.write('once\\n')"), "f.close(); open('w.txt').read()", stops="w.txt"),
    Hazard("file open for reading", ("_ = open('r.txt', 'w').write('abcdef' * 9000)\nf = open('r.txt'); _ = f.read(3); raw = open('r.txt', 'rb', buffering=0); _ = raw.read(2)",),
           "f.read(3), raw.read(2), raw.read(2), len(f.read())"),
    Hazard("temporary directory", ("import os, tempfile", "t = tempfile.TemporaryDirectory()"), "os.path.isdir(t.name)", stops="temporary directory"),
    Hazard("sqlite in a transaction", ("import sqlite3, os\nos.path.exists('t.db') and os.remove('t.db')\nc = sqlite3.connect('t.db'); _ = c.execute('create table t (x)'); c.commit()",
                                       "_ = c.execute('insert into t values (1)')"),
           "c.rollback(); c.execute('select count(*) from t').fetchall()", stops="t.db"),
    Hazard("sqlite out of a transaction", ("import sqlite3, os\nos.path.exists('o.db') and os.remove('o.db')\nc = sqlite3.connect('o.db'); _ = c.execute('create table t (x)')\n"
                                           "_ = c.execute('insert into t values (1)'); c.commit()",),
           "c.execute('select x from t').fetchall()"),
    Hazard("sqlite in memory", ("import sqlite3\nc = sqlite3.connect(':memory:'); _ = c.execute('create table t (x)')",), "_ = c.execute('insert into t values (1)'); c.execute('select count(*) from t').fetchall()"),
    Hazard("socket", ("import socket", "a, b = socket.socketpair()"), "_ = a.send(b'x'); b.recv(1)", stops="socket"),
    Hazard("pipe", ("import os", "r, w = os.pipe()"), "_ = os.write(w, b'x'); os.read(r, 1)", stops="pipe"),
    # randomness
    Hazard("random, seeded", ("import random\nrandom.seed(7); _ = random.random()",), "random.random(), random.random()"),
    Hazard("random, not seeded", ("import random\n_ = random.random()",), "random.random()", alike=False),
    Hazard("Random, seeded", ("from random import Random\nr = Random(7); _ = r.random()",), "r.random()"),
    Hazard("Random, not seeded", ("from random import Random\nr = Random(); _ = r.random()",), "r.random()", alike=False),
    Hazard("numpy.random, seeded", ("import numpy as np\nnp.random.seed(7); _ = np.random.rand()",), "float(np.random.rand()), float(np.random.randn())"),
    Hazard("numpy.random, not seeded", ("import numpy as np\n_ = np.random.rand()",), "float(np.random.rand())", alike=False),
    Hazard("default_rng, seeded", ("import numpy as np\ng = np.random.default_rng(7); _ = g.random()",), "g.random()"),
    Hazard("default_rng, not seeded", ("import numpy as np\ng = np.random.default_rng(); _ = g.random()",), "g.random()", alike=False),
    Hazard("default_rng with a large seed", ("import numpy as np\ng = np.random.default_rng(200510966825680434759842886867501954134)",), "g.random()"),
    Hazard("torch, seeded", ("import torch\n_ = torch.manual_seed(7)",), "float(torch.rand(1))", needs="torch"),
    Hazard("torch, not seeded", ("import torch\n_ = torch.rand(1)",), "float(torch.rand(1))", alike=False, needs="torch"),
    Hazard("uuid4", ("import uuid\n_ = uuid.uuid4()",), "uuid.uuid4()", alike=False),
    # state of libraries and of the process
    Hazard("matplotlib", ("import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 7\nfig, ax = plt.subplots()\n_ = ax.plot([1, 2])\nplt.close()",),
           "fig2 = plt.figure(); n = len(plt.get_fignums()); _ = fig2.text(0, 0, 'Text'); plt.close(); plt.get_backend(), plt.rcParams['lines.linewidth'], n"),
    Hazard("ipywidgets", ("import ipywidgets\ns = ipywidgets.IntSlider(3); l = ipywidgets.Label()\ns.observe(lambda c: setattr(l, 'value', str(c['new'])), 'value')",), "s.value += 1; l.value, s.comm is not None"),
    Hazard("autoreload", ("_ = open('reloaded.py', 'w').write('x = 1')\nimport sys; sys.path.insert(0, '.')\n%load_ext autoreload\n%autoreload 2\nimport reloaded",), "reloaded.x"),
    Hazard("directory and environment", ("import os\nos.makedirs('below', exist_ok=True); os.chdir('below'); os.environ['SET'] = 'yes'",), "os.path.basename(os.getcwd()), os.environ['SET'], os.popen('echo $SET').read()"),
    Hazard("signal handler", ("import signal, os\nhits = []\n_ = signal.signal(signal.SIGUSR1, lambda *_: hits.append(1))",), "os.kill(os.getpid(), signal.SIGUSR1); hits"),
    Hazard("atexit", ("import atexit\n_ = atexit.register(print, 'bye')",), "1"),
)
# fmt: on

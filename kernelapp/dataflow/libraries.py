"""The table of known calls, continued: functions of the standard library and of the libraries that notebooks use most."""

from functools import lru_cache

from .known import (
    ARRAY,
    CLOCK,
    ENVIRONMENT,
    FIGURE,
    FILES,
    FRAME,
    IS,
    LAZY,
    LIBRARIES,
    NETWORK,
    NEW_LIST,
    NUMPY_OPTIONS,
    NUMPY_RANDOM,
    PANDAS_OPTIONS,
    PURE,
    PYTHON_RANDOM,
    RC_PARAMS,
    READS_FRAME,
    SETS_OPTIONS,
    TABLE,
    TORCH_RANDOM,
    VIEW,
    WRITES_FILE,
    Act,
    each,
)  # fmt: skip

_STANDARD = {
    **each(
        "math cmath statistics operator string textwrap datetime calendar decimal fractions numbers zlib base64 hashlib hmac html pprint"
        " unicodedata difflib typing types abc enum keyword uuid platform dataclasses sysconfig logging traceback colorsys struct binascii"
        " locale gettext getpass bisect timeit contextlib string.Template",
        PURE,
    ),
    "pprint": PURE,
    "uuid.uuid4": Act("plain", volatile="makes a random id"),
    "uuid.uuid1": Act("plain", volatile="makes a random id"),
    **each("itemgetter attrgetter methodcaller", Act("unknown", "new"), "operator."),
    **each("getitem concat add or_ and_", IS, "operator."),
    **each("setitem delitem iadd ior iconcat", Act("unknown", "is", ("0",)), "operator."),
    "json": PURE,
    "json.loads": Act("unknown", "new"),
    "json.load": Act("unknown", "new", ("0",), reads=FILES),
    "json.dump": Act("plain", mutates=("1",)),
    "pickle.loads": Act("unknown", "new"),
    "re": PURE,
    **each("findall split", Act("list", "new"), "re."),
    "re.finditer": LAZY,
    "itertools": LAZY,
    "collections.namedtuple": Act("unknown", "new"),
    "collections.Counter": Act("dict", "copy", consumes=True),
    "collections.OrderedDict": Act("dict", "copy", consumes=True),
    "collections.defaultdict": Act("dict", "holds", consumes=True),
    "collections.ChainMap": Act("dict", "holds"),
    "collections.deque": Act("list", "copy", consumes=True),
    "copy.copy": Act("same", "copy"),
    "copy.deepcopy": Act("same", "new"),
    "functools.reduce": Act("unknown", "is", calls=True, consumes=True),
    "functools.partial": Act("unknown", "holds"),
    "functools.wraps": Act("unknown", "holds"),
    "types.SimpleNamespace": Act("unknown", "holds"),
    "heapq": Act("unknown", "element", ("0",), calls=True),
    **each("nlargest nsmallest", NEW_LIST, "heapq."),
    "heapq.merge": LAZY,
    "bisect.insort": Act("plain", mutates=("0",)),
    "bisect.insort_left": Act("plain", mutates=("0",)),
    "bisect.insort_right": Act("plain", mutates=("0",)),
    "random": Act("unknown", "element", draws=PYTHON_RANDOM, consumes=True),
    **each(
        "random uniform gauss normalvariate randint randrange getrandbits triangular expovariate betavariate",
        Act("plain", draws=PYTHON_RANDOM),
        "random.",
    ),
    "random.sample": Act("list", "copy", draws=PYTHON_RANDOM),
    "random.choices": Act("list", "copy", draws=PYTHON_RANDOM),
    "random.shuffle": Act("plain", mutates=("0",), draws=PYTHON_RANDOM),
    "random.seed": Act("plain", sets=PYTHON_RANDOM),
    "random.setstate": Act("plain", sets=PYTHON_RANDOM),
    "random.Random": Act("generator", "new"),
    "random.SystemRandom": Act("plain", volatile="draws random numbers"),
    "secrets": Act("plain", volatile="draws random numbers"),
    "time": CLOCK,
    "time.sleep": PURE,
    **each("strftime strptime mktime gmtime localtime ctime", CLOCK, "time."),
    **each("datetime.now datetime.today datetime.utcnow date.today", CLOCK, "datetime."),
    "os": Act("unknown", "new", reads=FILES),
    **each("path.join path.basename path.dirname path.splitext path.split path.normpath fspath sep linesep", PURE, "os."),
    **each("path.exists path.isfile path.isdir path.getsize listdir scandir walk stat", Act("unknown", "new", reads=FILES), "os."),
    **each("remove unlink rename replace mkdir makedirs rmdir truncate utime", WRITES_FILE, "os."),
    **each("getenv environ.get getcwd environ.copy environ.items environ.keys environ.values", Act("plain", reads=ENVIRONMENT), "os."),
    **each("environ putenv unsetenv chdir umask", Act("plain", writes=ENVIRONMENT), "os."),
    **each("getpid getppid urandom getloadavg times cpu_count", Act("plain", volatile="asks the operating system"), "os."),
    **each("system popen fork execv", Act(opaque="runs a program"), "os."),
    "subprocess": Act(opaque="runs a program"),
    "pathlib": Act("plain", "new"),
    "shutil": WRITES_FILE,
    "glob": Act("list", "new", reads=FILES),
    "tempfile": Act("unknown", "new", volatile="makes a file with a random name"),
    "csv": Act("iterator", "holds"),
    "io.StringIO": Act("iterator", "new"),
    "io.BytesIO": Act("iterator", "new"),
    "sys.getsizeof": PURE,
    "sys.exit": PURE,
    "warnings": Act("plain", writes=LIBRARIES),
    "warnings.warn": PURE,
    "warnings.catch_warnings": PURE,
    **each("urllib socket http ftplib smtplib requests httpx aiohttp", NETWORK),
    "urllib.parse": PURE,
    **each("threading multiprocessing concurrent _thread", Act(opaque="starts work that goes on beside the cells")),
    "asyncio.create_task": Act(opaque="starts work that goes on beside the cells"),
    "asyncio.ensure_future": Act(opaque="starts work that goes on beside the cells"),
    **each("sleep gather run wait_for", Act("unknown", "holds", calls=True, consumes=True), "asyncio."),
    **each("importlib inspect gc ctypes sys runpy code", Act(opaque="looks into the interpreter")),
    "importlib.import_module": Act("unknown", "new"),
}

_NUMPY = {
    "numpy": ARRAY,
    **each(
        "asarray asanyarray ravel reshape transpose squeeze swapaxes moveaxis rollaxis expand_dims broadcast_to atleast_1d atleast_2d"
        " atleast_3d diagonal real imag split array_split hsplit vsplit dsplit flip fliplr flipud rot90 ascontiguousarray require nditer"
        " broadcast_arrays frombuffer ix_ meshgrid lib",
        VIEW,
        "numpy.",
    ),
    **each("put place copyto fill_diagonal putmask put_along_axis", Act("plain", mutates=("0",)), "numpy."),
    **each("load loadtxt genfromtxt fromfile", Act("array", "new", reads=FILES), "numpy."),
    **each("save savetxt savez savez_compressed", WRITES_FILE, "numpy."),
    **each("memmap", Act("array", "new", reads=FILES, writes=FILES), "numpy."),
    **each("set_printoptions seterr set_string_function", SETS_OPTIONS[NUMPY_OPTIONS], "numpy."),
    **each("float64 float32 int64 int32 int8 uint8 bool_ isclose allclose array_equal shape ndim size dot vdot", PURE, "numpy."),
    "numpy.dot": ARRAY,
    "numpy.random": Act("array", "new", draws=NUMPY_RANDOM),
    "numpy.random.shuffle": Act("plain", mutates=("0",), draws=NUMPY_RANDOM),
    "numpy.random.seed": Act("plain", sets=NUMPY_RANDOM),
    "numpy.random.set_state": Act("plain", sets=NUMPY_RANDOM),
    **each("default_rng RandomState Generator PCG64 SeedSequence MT19937", Act("generator", "holds"), "numpy.random."),
}

_TABLES = {
    "pandas": TABLE,
    **each("isna isnull notna notnull Timestamp Timedelta to_timedelta api unique", FRAME, "pandas."),
    **each(
        "read_csv read_table read_excel read_json read_parquet read_feather read_pickle read_hdf read_fwf read_html read_xml",
        READS_FRAME,
        "pandas.",
    ),
    **each("read_sql read_sql_query read_sql_table", Act("frame", "new", reads=FILES, volatile="reads a database"), "pandas."),
    **each("set_option reset_option", SETS_OPTIONS[PANDAS_OPTIONS], "pandas."),
    **each("get_option describe_option option_context", Act("plain", reads=PANDAS_OPTIONS), "pandas."),
    "pandas.eval": Act(opaque="evaluates text"),
    **each("ExcelWriter HDFStore", Act("iterator", "new", writes=FILES), "pandas."),
    "polars": TABLE,
    **each("read_csv scan_csv read_parquet scan_parquet read_json read_excel read_ipc", READS_FRAME, "polars."),
    "polars.Config": SETS_OPTIONS[LIBRARIES],
    "vega_datasets": Act("frame", "new"),
}

_PLOTS = {
    "matplotlib": FIGURE,
    "matplotlib.pyplot.show": Act("plain", calls=True),
    **each("savefig imsave", Act("plain", writes=FILES, reads=RC_PARAMS), "matplotlib.pyplot."),
    **each(
        "rc rcdefaults style.use xkcd set_cmap switch_backend rcParams.update rcParams.setdefault ion ioff viridis gray",
        SETS_OPTIONS[RC_PARAMS],
        "matplotlib.pyplot.",
    ),
    **each("rc rcdefaults use style.use rcParams.update rcParams.setdefault rc_file", SETS_OPTIONS[RC_PARAMS], "matplotlib."),
    "matplotlib_inline": SETS_OPTIONS[RC_PARAMS],
    "seaborn": FIGURE,
    **each("set set_theme set_style set_context set_palette reset_defaults reset_orig", SETS_OPTIONS[RC_PARAMS], "seaborn."),
    "seaborn.load_dataset": Act("frame", "new", volatile="reads the network"),
    "plotly": FIGURE,
    "plotly.data": FRAME,
    "plotly.io": SETS_OPTIONS[LIBRARIES],
    "altair": Act("chart", "holds"),
    **each("data_transformers renderers themes theme", SETS_OPTIONS[LIBRARIES], "altair."),
    "bokeh": FIGURE,
    "IPython.display": Act("unknown", "holds"),
    **each("display clear_output", Act("plain", calls=True), "IPython.display."),
    **each("HTML Markdown Latex Math SVG Image JSON Javascript Audio Video Code IFrame", Act("plain"), "IPython.display."),
    "IPython.get_ipython": Act(opaque="uses the shell"),
    "IPython.core.getipython.get_ipython": Act(opaque="uses the shell"),
    "tqdm": Act("unknown", "is", consumes=True),
}

# Making and showing widgets changes none. What their methods do is left to "anything": observers may be called, and change more.
_WIDGETS = {
    "ipywidgets": Act("widget", "holds"),
    **each("interact interact_manual interactive interactive_output", Act("widget", "holds", calls=True), "ipywidgets."),
    **each("link dlink", Act("unknown", "holds", ("all",)), "ipywidgets."),
}

_PERHAPS = Act("unknown", "holds", calls=True, draws=NUMPY_RANDOM, perhaps=True)
_MODELS = {
    "sklearn": Act("unknown", "holds", calls=True),
    "sklearn.set_config": SETS_OPTIONS[LIBRARIES],
    "sklearn.metrics": Act("array", "new", calls=True),
    # a bunch of tables: whatever is taken from it is one
    "sklearn.datasets": Act("frame", "new"),
    **each(
        "make_blobs make_moons make_circles make_classification make_regression",
        Act("frame", "new", draws=NUMPY_RANDOM),
        "sklearn.datasets.",
    ),
    **each("fetch_openml fetch_california_housing fetch_20newsgroups", NETWORK, "sklearn.datasets."),
    "sklearn.model_selection.train_test_split": Act("list", "parts", draws=NUMPY_RANDOM),
    **each("shuffle resample", Act("list", "parts", draws=NUMPY_RANDOM), "sklearn.utils."),
    "sklearn.model_selection": _PERHAPS,
    "sklearn.inspection": _PERHAPS,
    **each("make_pipeline make_union", Act("estimator", "holds"), "sklearn.pipeline."),
    **each("make_column_transformer make_column_selector", Act("estimator", "holds"), "sklearn.compose."),
    "sklearn.base.clone": Act("estimator", "new"),
    "scipy": Act("array", "new", calls=True, draws=NUMPY_RANDOM),
    "statsmodels": Act("unknown", "holds"),
    **each("manual_seed cuda.manual_seed cuda.manual_seed_all", Act("plain", sets=TORCH_RANDOM), "torch."),
}

_OURS = {
    "kernelapp": Act("plain", "element", calls=True),
    "kernelapp.multiselect": Act("list", "copy", calls=True),
    "kernelapp.data_editor": Act("frame", "copy", calls=True),
    "kernelapp.chat_input": Act("plain"),
    "kernelapp.on_close": Act("unknown", "is"),  # called when no cell runs any more
    "kernelapp.cache": Act("unknown", "holds"),
    **each(
        "slider number_input text_input text_area button checkbox toggle color_picker date_input time_input",
        Act("plain", calls=True),
        "kernelapp.",
    ),
    **each("sidebar columns tabs expander container form dialog metric progress spinner status", Act("layout", "new"), "kernelapp."),
}

# Estimators that draw random numbers when they fit, unless they are given a `random_state`.
_RANDOM_ESTIMATORS = (
    "Forest", "ExtraTree", "Boosting", "Bagging", "DecisionTree", "KMeans", "SGD", "MLP", "Random", "Shuffle", "GaussianMixture", "TSNE",
    "NMF", "LatentDirichlet", "Perceptron", "PassiveAggressive", "TruncatedSVD", "FastICA", "Spectral", "Quantile", "IterativeImputer",
)  # fmt: skip


def is_random_estimator(path: str) -> bool:
    """Whether a class of scikit-learn draws random numbers by default."""
    name = path.rpartition(".")[2]
    return any(one in name for one in _RANDOM_ESTIMATORS)


FUNCTIONS: dict[str, Act] = {**_STANDARD, **_NUMPY, **_TABLES, **_PLOTS, **_MODELS, **_WIDGETS, **_OURS}


@lru_cache(maxsize=4096)
def function(path: str) -> Act | None:
    """What calling the library thing at a dotted path does; the longest known beginning of the path decides."""
    while path:
        act = FUNCTIONS.get(path)
        if act is not None:
            return act
        path = path.rpartition(".")[0]
    return None

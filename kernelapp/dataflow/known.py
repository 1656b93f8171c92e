"""The table of what is known about calls: what they change, and what their results share with their arguments.

Everything that is not here *may* change every mutable thing it is given, and may give back a part of it. An entry that claims too little
change makes a page wrong; so an entry stands here only for what the library's documentation says.
"""

from dataclasses import dataclass
from functools import lru_cache

# Hidden state that cells share without a name: versions of it are kept like those of names.
PYTHON_RANDOM = "state:random"
NUMPY_RANDOM = "state:numpy.random"
TORCH_RANDOM = "state:torch"
GENERATORS = (PYTHON_RANDOM, NUMPY_RANDOM, TORCH_RANDOM)
ENVIRONMENT = "state:environment"
RC_PARAMS = "state:matplotlib"
PANDAS_OPTIONS = "state:pandas"
NUMPY_OPTIONS = "state:numpy"
LIBRARIES = "state:libraries"
# What any cell may be shown by: read by every cell once some cell sets it.
OPTIONS = (RC_PARAMS, PANDAS_OPTIONS, NUMPY_OPTIONS, LIBRARIES)
FILES = "files"
FILE = "file:"


@dataclass(frozen=True, slots=True)
class Act:
    """What one call does.

    `shares`: the result is `new` (shares nothing), `holds` the arguments, is a `copy` (holds what its elements hold), an `element` of
    them, or `is` one of them or a part. `mutates`: `self`, or positions of arguments (as text), or `all`.
    `draws`, `sets`, `reads`, `writes`: hidden state that is drawn from, set for good, read, or changed in part.
    `calls`: functions among the arguments are called at once. `consumes`: iterators among the arguments are used up.
    """

    result: str = "unknown"
    shares: str = "new"
    mutates: tuple[str, ...] = ()
    draws: str = ""
    sets: str = ""
    reads: str = ""
    writes: str = ""
    calls: bool = False
    consumes: bool = False
    volatile: str = ""
    opaque: str = ""


LOOKS = Act("plain")
PURE = Act("plain", consumes=True, calls=True)
NEW_LIST = Act("list", "copy", consumes=True, calls=True)
MUTATES_SELF = Act("unknown", "is", ("self",))
HOLDS = Act("unknown", "holds", calls=True, consumes=True)
IS = Act("unknown", "is", calls=True, consumes=True)
LAZY = Act("iterator", "holds")
FRAME = Act("frame", "copy", calls=True, consumes=True)
ARRAY = Act("array", "new", calls=True, consumes=True)
VIEW = Act("array", "is")
FIGURE = Act("figure", "holds", calls=True, consumes=True, reads=RC_PARAMS)
SETS_OPTIONS = {name: Act("plain", writes=name) for name in OPTIONS}
NETWORK = Act("unknown", "new", volatile="reads the network")
CLOCK = Act("plain", volatile="reads the clock")
READS_FILE = Act("unknown", "holds", reads=FILES, consumes=True)
READS_FRAME = Act("frame", "new", reads=FILES)
WRITES_FILE = Act("plain", writes=FILES, consumes=True)


def _each(names: str, act: Act, prefix: str = "") -> dict[str, Act]:
    return {prefix + name: act for name in names.split()}


# Controls (DESIGN §5): a call places an input in the cell that runs it.
CONTROLS = frozenset(
    ["button", "checkbox", "toggle", "radio", "selectbox", "multiselect", "slider", "select_slider", "number_input", "text_input", "text_area", "date_input", "time_input", "datetime_input", "color_picker", "file_uploader", "camera_input", "audio_input", "geolocation", "data_editor", "chat_input"]
)

BUILTINS: dict[str, Act] = {
    **_each(
        "abs ascii bin bool callable chr complex divmod float format hash help hex id int isinstance issubclass len oct ord pow print repr"
        " round str type hasattr slice range memoryview object display",
        LOOKS,
    ),
    **_each("all any bytes", PURE),
    **_each("max min", Act("unknown", "element", calls=True, consumes=True)),
    "sum": Act("unknown", "holds", consumes=True),
    **_each("list sorted", NEW_LIST),
    "dict": Act("dict", "copy", consumes=True),
    **_each("set frozenset", Act("set", "copy", consumes=True)),
    "bytearray": Act("list", "new", consumes=True),
    "tuple": Act("tuple", "element", consumes=True),
    **_each("map filter zip enumerate reversed iter aiter", LAZY),
    **_each("next anext", Act("unknown", "element", ("0",), consumes=True, calls=True)),
    "getattr": Act("unknown", "is", ("0",), calls=True),
    **_each("setattr delattr", Act("plain", mutates=("0",))),
    "open": Act("iterator", "new", reads=FILES),
    **_each("staticmethod classmethod property super", IS),
    "input": Act("plain", volatile="asks the viewer"),
    **_each("exec eval compile", Act(opaque="runs code that is text")),
    **_each("globals locals vars dir", Act(opaque="looks at all names")),
    "__import__": Act("library", opaque="imports by a computed name"),
    "breakpoint": Act(opaque="opens a debugger"),
    **_each("exit quit", PURE),
}

_STANDARD = {
    **_each(
        "math cmath statistics operator string textwrap datetime calendar decimal fractions numbers zlib base64 hashlib hmac html pprint"
        " unicodedata difflib typing types abc enum keyword uuid platform dataclasses sysconfig logging traceback colorsys struct binascii"
        " locale gettext getpass bisect timeit contextlib string.Template",
        PURE,
    ),
    "pprint": PURE,
    "uuid.uuid4": Act("plain", volatile="makes a random id"),
    "uuid.uuid1": Act("plain", volatile="makes a random id"),
    **_each("itemgetter attrgetter methodcaller", Act("unknown", "new"), "operator."),
    **_each("getitem concat add or_ and_", IS, "operator."),
    **_each("setitem delitem iadd ior iconcat", Act("unknown", "is", ("0",)), "operator."),
    "json": PURE,
    "json.loads": Act("unknown", "new"),
    "json.load": Act("unknown", "new", ("0",), reads=FILES),
    "json.dump": Act("plain", mutates=("1",)),
    "pickle.loads": Act("unknown", "new"),
    "re": PURE,
    **_each("findall split", Act("list", "new"), "re."),
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
    **_each("nlargest nsmallest", NEW_LIST, "heapq."),
    "heapq.merge": LAZY,
    "bisect.insort": Act("plain", mutates=("0",)),
    "bisect.insort_left": Act("plain", mutates=("0",)),
    "bisect.insort_right": Act("plain", mutates=("0",)),
    "random": Act("unknown", "element", draws=PYTHON_RANDOM, consumes=True),
    **_each("random uniform gauss normalvariate randint randrange getrandbits triangular expovariate betavariate", Act("plain", draws=PYTHON_RANDOM), "random."),
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
    **_each("strftime strptime mktime gmtime localtime ctime", CLOCK, "time."),
    **_each("datetime.now datetime.today datetime.utcnow date.today", CLOCK, "datetime."),
    "os": Act("unknown", "new", reads=FILES),
    **_each("path.join path.basename path.dirname path.splitext path.split path.normpath fspath sep linesep", PURE, "os."),
    **_each("path.exists path.isfile path.isdir path.getsize listdir scandir walk stat", Act("unknown", "new", reads=FILES), "os."),
    **_each("remove unlink rename replace mkdir makedirs rmdir truncate utime", WRITES_FILE, "os."),
    **_each("getenv environ.get getcwd environ.copy environ.items environ.keys environ.values", Act("plain", reads=ENVIRONMENT), "os."),
    **_each("environ putenv unsetenv chdir umask", Act("plain", writes=ENVIRONMENT), "os."),
    **_each("getpid urandom getloadavg times cpu_count", Act("plain", volatile="asks the operating system"), "os."),
    **_each("system popen fork execv", Act(opaque="runs a program"), "os."),
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
    **_each("urllib socket http ftplib smtplib requests httpx aiohttp", NETWORK),
    "urllib.parse": PURE,
    **_each("threading multiprocessing concurrent _thread", Act(opaque="starts work that goes on beside the cells")),
    "asyncio.create_task": Act(opaque="starts work that goes on beside the cells"),
    "asyncio.ensure_future": Act(opaque="starts work that goes on beside the cells"),
    **_each("sleep gather run wait_for", Act("unknown", "holds", calls=True, consumes=True), "asyncio."),
    **_each("importlib inspect gc ctypes sys runpy code", Act(opaque="looks into the interpreter")),
    "importlib.import_module": Act("unknown", "new"),
}

_NUMPY = {
    "numpy": ARRAY,
    **_each(
        "asarray asanyarray ravel reshape transpose squeeze swapaxes moveaxis rollaxis expand_dims broadcast_to atleast_1d atleast_2d"
        " atleast_3d diagonal real imag split array_split hsplit vsplit dsplit flip fliplr flipud rot90 ascontiguousarray require nditer"
        " broadcast_arrays frombuffer ix_ meshgrid lib",
        VIEW,
        "numpy.",
    ),
    **_each("put place copyto fill_diagonal putmask put_along_axis", Act("plain", mutates=("0",)), "numpy."),
    **_each("load loadtxt genfromtxt fromfile", Act("array", "new", reads=FILES), "numpy."),
    **_each("save savetxt savez savez_compressed", WRITES_FILE, "numpy."),
    **_each("memmap", Act("array", "new", reads=FILES, writes=FILES), "numpy."),
    **_each("set_printoptions seterr set_string_function", SETS_OPTIONS[NUMPY_OPTIONS], "numpy."),
    **_each("float64 float32 int64 int32 int8 uint8 bool_ isclose allclose array_equal shape ndim size dot vdot", PURE, "numpy."),
    "numpy.dot": ARRAY,
    "numpy.random": Act("array", "new", draws=NUMPY_RANDOM),
    "numpy.random.shuffle": Act("plain", mutates=("0",), draws=NUMPY_RANDOM),
    "numpy.random.seed": Act("plain", sets=NUMPY_RANDOM),
    "numpy.random.set_state": Act("plain", sets=NUMPY_RANDOM),
    **_each("default_rng RandomState Generator PCG64 SeedSequence MT19937", Act("generator", "holds"), "numpy.random."),
}

_TABLES = {
    "pandas": FRAME,
    **_each("isna isnull notna notnull Timestamp Timedelta to_timedelta api unique", FRAME, "pandas."),
    **_each("read_csv read_table read_excel read_json read_parquet read_feather read_pickle read_hdf read_fwf read_html read_xml", READS_FRAME, "pandas."),
    **_each("read_sql read_sql_query read_sql_table", Act("frame", "new", reads=FILES, volatile="reads a database"), "pandas."),
    **_each("set_option reset_option", SETS_OPTIONS[PANDAS_OPTIONS], "pandas."),
    **_each("get_option describe_option option_context", Act("plain", reads=PANDAS_OPTIONS), "pandas."),
    "pandas.eval": Act(opaque="evaluates text"),
    **_each("ExcelWriter HDFStore", Act("iterator", "new", writes=FILES), "pandas."),
    "polars": FRAME,
    **_each("read_csv scan_csv read_parquet scan_parquet read_json read_excel read_ipc", READS_FRAME, "polars."),
    "polars.Config": SETS_OPTIONS[LIBRARIES],
    "vega_datasets": Act("frame", "new"),
}

_PLOTS = {
    "matplotlib": FIGURE,
    "matplotlib.pyplot.show": Act("plain", calls=True),
    **_each("savefig imsave", Act("plain", writes=FILES, reads=RC_PARAMS), "matplotlib.pyplot."),
    **_each(
        "rc rcdefaults style.use xkcd set_cmap switch_backend rcParams.update rcParams.setdefault ion ioff viridis gray",
        SETS_OPTIONS[RC_PARAMS],
        "matplotlib.pyplot.",
    ),
    **_each("rc rcdefaults use style.use rcParams.update rcParams.setdefault rc_file", SETS_OPTIONS[RC_PARAMS], "matplotlib."),
    "matplotlib_inline": SETS_OPTIONS[RC_PARAMS],
    "seaborn": FIGURE,
    **_each("set set_theme set_style set_context set_palette reset_defaults reset_orig", SETS_OPTIONS[RC_PARAMS], "seaborn."),
    "seaborn.load_dataset": Act("frame", "new", volatile="reads the network"),
    "plotly": FIGURE,
    "plotly.data": FRAME,
    "plotly.io": SETS_OPTIONS[LIBRARIES],
    "altair": Act("chart", "holds"),
    **_each("data_transformers renderers themes theme", SETS_OPTIONS[LIBRARIES], "altair."),
    "bokeh": FIGURE,
    "IPython.display": Act("unknown", "holds"),
    **_each("display clear_output", Act("plain", calls=True), "IPython.display."),
    **_each("HTML Markdown Latex Math SVG Image JSON Javascript Audio Video Code IFrame", Act("plain"), "IPython.display."),
    "IPython.get_ipython": Act(opaque="uses the shell"),
    "IPython.core.getipython.get_ipython": Act(opaque="uses the shell"),
    "tqdm": Act("unknown", "is", consumes=True),
}

_MODELS = {
    "sklearn": Act("unknown", "holds", calls=True, draws=NUMPY_RANDOM),
    "sklearn.set_config": SETS_OPTIONS[LIBRARIES],
    "sklearn.metrics": Act("array", "new", calls=True),
    "sklearn.datasets": Act("unknown", "new", draws=NUMPY_RANDOM),
    "sklearn.model_selection.train_test_split": Act("list", "copy", draws=NUMPY_RANDOM),
    "sklearn.utils.shuffle": Act("list", "copy", draws=NUMPY_RANDOM),
    "sklearn.base.clone": Act("estimator", "new"),
    "sklearn.preprocessing": Act("estimator", "new"),
    "scipy": Act("array", "new", calls=True, draws=NUMPY_RANDOM),
    "statsmodels": Act("unknown", "holds"),
    **_each("manual_seed cuda.manual_seed cuda.manual_seed_all", Act("plain", sets=TORCH_RANDOM), "torch."),
}

_OURS = {
    "kernelapp": Act("plain", "element", calls=True),
    "kernelapp.multiselect": Act("list", "copy", calls=True),
    "kernelapp.data_editor": Act("frame", "copy", calls=True),
    "kernelapp.chat_input": Act("plain"),
    "kernelapp.cache": Act("unknown", "holds"),
    **_each("slider number_input text_input text_area button checkbox toggle color_picker date_input time_input", Act("plain", calls=True), "kernelapp."),
    **_each("sidebar columns tabs expander container form dialog metric progress spinner status", Act("layout", "new"), "kernelapp."),
}

FUNCTIONS: dict[str, Act] = {**_STANDARD, **_NUMPY, **_TABLES, **_PLOTS, **_MODELS, **_OURS}


@lru_cache(maxsize=4096)
def function(path: str) -> Act | None:
    """What calling the library thing at a dotted path does; the longest known beginning of the path decides."""
    while path:
        act = FUNCTIONS.get(path)
        if act is not None:
            return act
        path = path.rpartition(".")[0]
    return None


_LIST_METHODS = {
    **_each("append extend insert appendleft extendleft __setitem__", Act("plain", "new", ("self", "put"), consumes=True)),
    **_each("remove clear reverse rotate discard", Act("plain", "new", ("self",))),
    "sort": Act("plain", "new", ("self",), calls=True),
    **_each("pop popleft", Act("unknown", "element", ("self",))),
    "copy": Act("same", "copy"),
    **_each("index count __len__ __contains__ issubset issuperset isdisjoint", PURE),
    **_each("union intersection difference symmetric_difference", Act("set", "copy", consumes=True)),
    **_each("add update intersection_update difference_update symmetric_difference_update", Act("plain", "new", ("self", "put"), consumes=True)),
}
_DICT_METHODS = {
    **_each("update subtract", Act("plain", "new", ("self", "put"), consumes=True)),
    "setdefault": Act("unknown", "element", ("self", "put")),
    **_each("pop popitem", Act("unknown", "element", ("self",))),
    "clear": Act("plain", "new", ("self",)),
    **_each("keys values items", Act("list", "view")),
    "get": Act("unknown", "element"),
    "most_common": Act("list", "copy"),
    "elements": LAZY,
    "copy": Act("same", "copy"),
    "total": PURE,
    "fromkeys": Act("dict", "holds"),
}

# The methods of frames (pandas and polars) and arrays which change the receiver; all others leave it alone.
_FRAME_METHODS = {
    **_each("insert pop update drop_in_place insert_column replace_column extend set_flags shrink_to_fit reset", MUTATES_SELF),
    **_each("apply map applymap transform agg aggregate pipe filter assign groupby rolling combine", Act("frame", "copy", calls=True)),
    **_each("to_numpy to_dict tolist to_list items iterrows itertuples", Act("unknown", "holds")),
    **_each("values array", Act("array", "is")),
    **_each("to_csv to_excel to_parquet to_feather to_pickle to_hdf write_csv write_parquet", WRITES_FILE),
    "to_sql": Act("plain", writes=FILES, volatile="writes to a database"),
    **_each("plot hist boxplot", FIGURE),
    "sample": Act("frame", "copy", draws=NUMPY_RANDOM),
    **_each("copy clone", Act("frame", "copy")),
}
_ARRAY_METHODS = {
    **_each("sort fill put partition itemset resize setflags setfield byteswap __setitem__", Act("plain", "new", ("self",))),
    **_each("reshape ravel transpose squeeze swapaxes view diagonal flat real imag T", VIEW),
    **_each("tofile dump", WRITES_FILE),
}
_ESTIMATOR = {
    **_each("fit partial_fit fit_predict fit_transform set_params set_output", Act("unknown", "is", ("self",), calls=True, draws=NUMPY_RANDOM)),
    **_each("predict predict_proba decision_function transform score get_params score_samples inverse_transform", Act("array", "new")),
}

METHODS: dict[str, dict[str, Act]] = {
    "list": _LIST_METHODS,
    "set": _LIST_METHODS,
    "dict": _DICT_METHODS,
    "frame": _FRAME_METHODS,
    "array": _ARRAY_METHODS,
    "estimator": _ESTIMATOR,
}

# What a method of these kinds does that its table does not name. Kinds without an entry: it may do anything.
METHOD_DEFAULTS: dict[str, Act] = {
    "plain": Act("plain", "new", calls=True, consumes=True),
    "frame": Act("frame", "copy", calls=True, consumes=True),
    "array": Act("array", "new"),
    "chart": Act("chart", "holds", calls=True),
    "figure": Act("figure", "is", ("self",), calls=True, consumes=True),
    "layout": Act("layout", "new", calls=True),
}

# Methods that no library in wide use lets change its receiver or arguments. They are trusted on a receiver of unknown kind, unless a class
# of the notebook has a method of the same name.
HARMLESS_METHODS: dict[str, Act] = {
    **_each(
        "head tail describe info groupby mean median std var min max sum count nunique value_counts unique corr quantile cumsum cumprod"
        " astype dropna fillna isna notna isnull notnull round abs clip diff shift rank rolling resample merge join sort_values sort_index"
        " reset_index set_index rename drop drop_duplicates duplicated nlargest nsmallest melt pivot pivot_table stack unstack explode"
        " query isin between to_frame to_numpy to_list tolist to_dict memory_usage select_dtypes agg aggregate apply map applymap transform"
        " assign pipe where mask idxmax idxmin argmax argmin any all reindex iterrows itertuples to_string to_html to_markdown to_json"
        " predict predict_proba score transform get_params decision_function"
        " __len__ __repr__ __str__ __contains__ isoformat strftime total_seconds",
        Act("unknown", "is", calls=True, consumes=True),
    ),
    **_each(
        "lower upper title capitalize strip lstrip rstrip split rsplit splitlines replace startswith endswith format encode decode zfill"
        " ljust rjust center isdigit isalpha isalnum isupper islower casefold removeprefix removesuffix partition find rfind",
        Act("unknown", "is"),
    ),
    **_each("keys values items", Act("unknown", "is")),
    **_each("get index", Act("unknown", "is")),
    "copy": Act("unknown", "holds"),
}

# Attributes of a frame that are the frame itself in other clothes: a store through them changes it.
FRAME_WINDOWS = frozenset({"loc", "iloc", "at", "iat", "index", "columns", "attrs", "flags", "values", "array", "T", "plot", "style"})

# Magics that change nothing a cell could read.
HARMLESS_MAGICS = frozenset(
    ["matplotlib", "load_ext", "reload_ext", "unload_ext", "pip", "conda", "mamba", "uv", "alias", "alias_magic", "automagic", "colors", "doctest_mode", "lsmagic", "magic", "notebook", "page", "pinfo", "pinfo2", "psource", "pdoc", "pdef", "pfile", "psearch", "pprint", "profile", "quickref", "config", "autoreload", "aimport", "xmode", "pdb", "logstart", "logstop", "logoff", "logon", "logstate", "history", "hist", "html", "markdown", "latex", "javascript", "js", "svg", "subplots"]
)
SHELL_STATE_MAGICS = frozenset(["cd", "env", "set_env", "pushd", "popd"])

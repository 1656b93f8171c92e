"""The table of what is known about calls: what they change, and what their results share with their arguments.

Here stand the words of the table, Python's own functions and the methods by kind of receiver; `libraries` has the functions of libraries.

Everything that is not here *may* change every mutable thing it is given, and may give back a part of it. An entry that claims too little
change makes a page wrong; so an entry stands here only for what the library's documentation says.
"""

from dataclasses import dataclass

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
    `calls`: functions among the arguments are called at once. `consumes`: whatever may be an iterator among the arguments is used up.
    `perhaps`: random numbers are drawn only if one of the objects was made so.
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
    perhaps: bool = False
    volatile: str = ""
    opaque: str = ""


LOOKS = Act("plain")
PURE = Act("plain", consumes=True, calls=True)
NEW_LIST = Act("list", "copy", consumes=True, calls=True)
MUTATES_SELF = Act("unknown", "is", ("self",))
HOLDS = Act("unknown", "holds", calls=True, consumes=True)
IS = Act("unknown", "is", calls=True, consumes=True)
LAZY = Act("iterator", "holds")
FRAME = Act("frame", "copy", calls=True)
TABLE = Act("frame", "copy", calls=True, consumes=True)
ARRAY = Act("array", "new", calls=True)
VIEW = Act("array", "is")
FIGURE = Act("figure", "holds", calls=True, reads=RC_PARAMS)
# Objects that know whether they were made to draw random numbers (a Value's path is then RANDOM).
RANDOM = "random"
SETS_OPTIONS = {name: Act("plain", writes=name) for name in OPTIONS}
NETWORK = Act("unknown", "new", volatile="reads the network")
CLOCK = Act("plain", volatile="reads the clock")
READS_FILE = Act("unknown", "holds", reads=FILES, consumes=True)
READS_FRAME = Act("frame", "new", reads=FILES)
WRITES_FILE = Act("plain", writes=FILES, consumes=True)


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def each(names: str, act: Act, prefix: str = "") -> dict[str, Act]:
    """The same act for each of these names."""
    return {prefix + name: act for name in names.split()}


# Controls (DESIGN §5): a call places an input in the cell that runs it.
CONTROLS = words(
    "button checkbox toggle radio selectbox multiselect slider select_slider number_input text_input text_area date_input"
    " time_input datetime_input color_picker file_uploader camera_input audio_input geolocation data_editor chat_input"
)

BUILTINS: dict[str, Act] = {
    **each(
        "abs ascii bin bool callable chr complex divmod float format hash help hex id int isinstance issubclass len oct ord pow print repr"
        " round str type hasattr slice range memoryview object display",
        LOOKS,
    ),
    **each("all any bytes", PURE),
    **each("max min", Act("unknown", "element", calls=True, consumes=True)),
    "sum": Act("unknown", "holds", consumes=True),
    **each("list sorted", NEW_LIST),
    "dict": Act("dict", "copy", consumes=True),
    **each("set frozenset", Act("set", "copy", consumes=True)),
    "bytearray": Act("list", "new", consumes=True),
    "tuple": Act("tuple", "element", consumes=True),
    **each("map filter zip enumerate reversed iter aiter", LAZY),
    **each("next anext", Act("unknown", "element", ("0",), consumes=True, calls=True)),
    "getattr": Act("unknown", "is", ("0",), calls=True),
    **each("setattr delattr", Act("plain", mutates=("0",))),
    "open": Act("iterator", "new", reads=FILES),
    **each("staticmethod classmethod property super", IS),
    "input": Act("plain", volatile="asks the viewer"),
    **each("exec eval compile", Act(opaque="runs code that is text")),
    **each("globals locals vars dir", Act(opaque="looks at all names")),
    "__import__": Act("library", opaque="imports by a computed name"),
    "breakpoint": Act(opaque="opens a debugger"),
    **each("exit quit", PURE),
}

_LIST_METHODS = {
    **each("append extend insert appendleft extendleft __setitem__", Act("plain", "new", ("self", "put"), consumes=True)),
    **each("remove clear reverse rotate discard", Act("plain", "new", ("self",))),
    "sort": Act("plain", "new", ("self",), calls=True),
    **each("pop popleft", Act("unknown", "element", ("self",))),
    "copy": Act("same", "copy"),
    **each("index count __len__ __contains__ issubset issuperset isdisjoint", PURE),
    **each("union intersection difference symmetric_difference", Act("set", "copy", consumes=True)),
    **each(
        "add update intersection_update difference_update symmetric_difference_update", Act("plain", "new", ("self", "put"), consumes=True)
    ),
}
_DICT_METHODS = {
    **each("update subtract", Act("plain", "new", ("self", "put"), consumes=True)),
    "setdefault": Act("unknown", "element", ("self", "put")),
    **each("pop popitem", Act("unknown", "element", ("self",))),
    "clear": Act("plain", "new", ("self",)),
    **each("keys values items", Act("list", "view")),
    "get": Act("unknown", "element"),
    "most_common": Act("list", "copy"),
    "elements": LAZY,
    "copy": Act("same", "copy"),
    "total": PURE,
    "fromkeys": Act("dict", "holds"),
}

# The methods of frames (pandas and polars) and arrays which change the receiver; all others leave it alone.
_FRAME_METHODS = {
    **each("insert pop update drop_in_place insert_column replace_column extend set_flags shrink_to_fit reset", MUTATES_SELF),
    **each("apply map applymap transform agg aggregate pipe filter assign groupby rolling combine", Act("frame", "copy", calls=True)),
    **each("to_numpy to_dict tolist to_list items iterrows itertuples", Act("unknown", "holds")),
    **each("values array", Act("array", "is")),
    **each("to_csv to_excel to_parquet to_feather to_pickle to_hdf write_csv write_parquet", WRITES_FILE),
    "to_sql": Act("plain", writes=FILES, volatile="writes to a database"),
    **each("plot hist boxplot", FIGURE),
    "sample": Act("frame", "copy", draws=NUMPY_RANDOM),
    **each("copy clone", Act("frame", "copy")),
}
_ARRAY_METHODS = {
    **each("sort fill put partition itemset resize setflags setfield byteswap __setitem__", Act("plain", "new", ("self",))),
    **each("reshape ravel transpose squeeze swapaxes view diagonal flat real imag T", VIEW),
    **each("tofile dump", WRITES_FILE),
}
_FITS = Act("estimator", "self", ("self",), draws=NUMPY_RANDOM, perhaps=True)
_ESTIMATOR = {
    **each("fit partial_fit set_params set_output", _FITS),
    **each("fit_predict fit_transform fit_resample", Act("array", "new", ("self",), draws=NUMPY_RANDOM, perhaps=True)),
    **each("predict predict_proba decision_function transform score score_samples inverse_transform", Act("array", "new")),
    "get_params": Act("dict", "holds"),
}
_GENERATOR = {
    "shuffle": Act("plain", "new", ("self", "0")),
    **each("choice sample choices", Act("unknown", "is", ("self",), consumes=True)),
    **each("spawn", Act("unknown", "is", ("self",))),
}

METHODS: dict[str, dict[str, Act]] = {
    "list": _LIST_METHODS,
    "set": _LIST_METHODS,
    "dict": _DICT_METHODS,
    "frame": _FRAME_METHODS,
    "array": _ARRAY_METHODS,
    "estimator": _ESTIMATOR,
    "generator": _GENERATOR,
}

# What a method of these kinds does that its table does not name. Kinds without an entry: it may do anything.
METHOD_DEFAULTS: dict[str, Act] = {
    "plain": Act("plain", "new", calls=True, consumes=True),
    "frame": FRAME,
    "array": Act("array", "new"),
    "chart": Act("chart", "holds", calls=True),
    "figure": Act("figure", "is", ("self",), calls=True),
    "generator": Act("array", "new", ("self",)),
    "estimator": Act("unknown", "is", ("self",), calls=True),
    "layout": Act("layout", "new", calls=True),
}

# Methods that no library in wide use lets change its receiver or arguments. They are trusted on a receiver of unknown kind, unless a class
# of the notebook has a method of the same name.
HARMLESS_METHODS: dict[str, Act] = {
    **each(
        "head tail describe info groupby mean median std var min max sum count nunique value_counts unique corr quantile cumsum cumprod"
        " astype dropna fillna isna notna isnull notnull round abs clip diff shift rank rolling resample merge sort_values sort_index"
        " reset_index set_index rename drop drop_duplicates duplicated nlargest nsmallest melt pivot pivot_table stack unstack explode"
        " query between to_frame to_numpy to_list tolist to_dict memory_usage select_dtypes agg aggregate apply map applymap transform"
        " assign pipe where mask idxmax idxmin argmax argmin any all reindex iterrows itertuples to_string to_html to_markdown to_json"
        " predict predict_proba score get_params decision_function"
        " __len__ __repr__ __str__ __contains__ isoformat strftime total_seconds",
        Act("unknown", "is", calls=True),
    ),
    **each(
        "lower upper title capitalize strip lstrip rstrip split rsplit splitlines replace startswith endswith format encode decode zfill"
        " ljust rjust center isdigit isalpha isalnum isupper islower casefold removeprefix removesuffix partition find rfind",
        Act("unknown", "is"),
    ),
    **each("join isin", Act("unknown", "is", calls=True, consumes=True)),
    **each("fit partial_fit set_params", _FITS),
    **each("fit_transform fit_predict", Act("array", "new", ("self",), draws=NUMPY_RANDOM, perhaps=True)),
    **each("keys values items", Act("unknown", "is")),
    **each("get index", Act("unknown", "is")),
    "copy": Act("unknown", "holds"),
}

# Attributes of a frame that are the frame itself in other clothes: a store through them changes it.
FRAME_WINDOWS = words("loc iloc at iat index columns attrs flags values array T plot style")

# Magics that change nothing a cell could read.
HARMLESS_MAGICS = words(
    "matplotlib load_ext reload_ext unload_ext pip conda mamba uv alias alias_magic automagic colors doctest_mode lsmagic"
    " magic notebook page pinfo pinfo2 psource pdoc pdef pfile psearch pprint profile quickref config autoreload aimport xmode"
    " pdb logstart logstop logoff logon logstate history hist html markdown latex javascript js svg subplots"
)
SHELL_STATE_MAGICS = words("cd env set_env pushd popd")

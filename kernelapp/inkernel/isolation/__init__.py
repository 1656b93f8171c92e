"""A sandbox for one session's kernel, by Linux namespaces: its own files, processes and, if so wanted, no network.

The standard library alone. `program` starts a kernel of its own process inside; a template does it to its forks.
"""

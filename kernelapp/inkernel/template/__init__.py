"""The template process: runs a notebook's cells once, proves that it may be forked, and is forked for each session.

It is started by the server as a program of its own (`start.main`), in the interpreter of the notebook's kernelspec. Linux only.
The protocol stands in docs/architecture.md (The template protocol).
"""

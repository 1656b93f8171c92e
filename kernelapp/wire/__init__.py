"""The browser protocol `kernelapp.v1`, without I/O: messages, codec, the check of values. docs/architecture.md defines it."""

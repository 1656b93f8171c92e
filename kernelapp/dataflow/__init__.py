"""Which cells an event re-executes: pure functions, no I/O, no execution."""

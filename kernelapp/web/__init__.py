"""Tornado handlers: parse, call one function, write the answer."""

"""Hosts kernels, through jupyter_client."""

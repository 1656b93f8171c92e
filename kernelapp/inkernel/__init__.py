"""The part that runs in the kernel: standard library, IPython and ipykernel only, every Python that ipykernel 7 supports."""

"""One viewer's use of an app: the machine that decides, the journal that remembers, the relay that acts, the registry of all."""

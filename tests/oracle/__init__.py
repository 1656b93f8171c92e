"""The oracle: generated notebooks and events, each settled page compared with a fresh run of everything."""

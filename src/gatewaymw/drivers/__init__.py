"""The edges to the world below: they carry out what the core's flows ask for."""

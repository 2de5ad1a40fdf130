"""The version of the program; nothing else."""

VERSION = "0.1.0"

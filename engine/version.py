"""The version of the program, and that of its rules; nothing else. Imports nothing: short commands need it."""

VERSION = "0.1.0"
RULES_REVISION = 2  # raised only where the same ticks and commands come to other decisions; recordings tell it

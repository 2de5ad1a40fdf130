"""Measuring the program on this machine. Reports, judges nothing."""

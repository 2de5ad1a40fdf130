"""Measuring the program on this machine. Reports; only `baseline/` judges, by ratios."""

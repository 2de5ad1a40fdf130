"""The exchange's list of instruments, cached in a small file; knows no feed and no trader."""

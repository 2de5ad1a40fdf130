"""The service of figures, quotes and alerts: a client of `link`, in a process of its own; needs the extra `serve`."""

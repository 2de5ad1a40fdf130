"""What people are shown, judged and written alike everywhere: numbers as texts, lamps, the scale of a chart. Pure.

Screen, reports and gateway share it; it stands on the engine's plain data alone and knows none of them.
"""

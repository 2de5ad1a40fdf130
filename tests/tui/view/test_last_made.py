"""What was made is made anew exactly when what it was made of has changed."""

from tui.view.last_made import LastMade


def test_a_thing_is_made_once_for_what_it_is_made_of():
    made, calls = LastMade(), []

    def make(of):
        return made.get("chart", (of,), lambda: calls.append(of) or [of])

    first = make("a")
    assert make("a") is first
    assert [make("b"), make("a")] == [["b"], ["a"]]
    assert calls == ["a", "b", "a"]
    assert made.get("other", ("a",), lambda: "x") == "x"
    assert make("a") == ["a"]
    assert calls == ["a", "b", "a"]


def test_what_follows_knows_what_was_before_it_of_the_same():
    made = LastMade()
    grown = [
        made.follow("width", (of,), lambda before, n=n: max(n, before or 0))
        for of, n in (("a", 3), ("a", 1), ("b", 2), ("b", 1))
    ]
    assert grown == [3, 3, 2, 2]

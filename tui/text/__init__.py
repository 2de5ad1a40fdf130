"""Lines of styled text and the numbers, marks and sentences in them."""

"""What every edge needs of the world outside: files and whose they are, one HTTPS call, lists of others, a memory that nobody is given."""

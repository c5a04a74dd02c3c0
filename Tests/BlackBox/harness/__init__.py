"""What the black-box tests are made of: processes, raw sockets on both sides, and readers of what is left behind."""

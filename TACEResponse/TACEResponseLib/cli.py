"""``tace-response``: the command line."""

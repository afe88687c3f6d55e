"""The commands of ``tace-response``, one module each.

A command module has ``NAME``, ``HELP``, ``EXAMPLES``, ``add_arguments(parser)`` and ``run(arguments, terminal)``,
which gives the exit code. It says things through the `terminal.Terminal` that it is given and raises ValueError with a
sentence for what it refuses.
"""

"""One module a score; each defines ``SCORE``. A new score is a new file here, with its source and its tests."""

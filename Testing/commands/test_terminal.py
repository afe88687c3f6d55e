"""What fails in printing is no failure of the work, and nothing that is printed steers a terminal."""

import io
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import printable, private, public
from TACEResponseLib.commands.terminal import Terminal, TerminalLog

HOSTILE = "P1\x1b[2J\x07\u202e\r\x9b31m\ud800\u2028end"


@given(st.text())
def test_printable_text_steers_nothing(text):
    shown = printable(text)
    shown.encode("utf-8")
    assert not [sign for sign in shown if ord(sign) < 32 and sign != "\n"]
    assert not set(shown) & {"\x7f", "\x9b", "\u202e", "\u2066", "\u2028"}
    assert "\n" not in printable(text, line_ends=False)


def test_names_of_all_scripts_stay_as_they_are():
    for name in ("Müller\u00a01", "王小明", "نوری\u200cزاده", "P-1 (2)"):
        assert printable(name) == name


def test_control_characters_are_shown_as_escapes():
    output, errors = io.StringIO(), io.StringIO()
    terminal = Terminal(output, errors)
    terminal.print(HOSTILE)
    terminal.warn(HOSTILE)
    expected = r"P1\x1b[2J\x07\u202e\r\x9b31m\ud800\u2028end" + "\n"
    assert (output.getvalue(), errors.getvalue()) == (expected, expected)


def test_a_log_record_is_printed_alike(capsys):
    TerminalLog().emit(logging.LogRecord("x", logging.WARNING, "", 1, "%s", (HOSTILE,), None))
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8", "utf-16"])
def test_every_code_page_prints_every_name(encoding):
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding=encoding, newline=""), io.StringIO())
    terminal.print("Patient 王小明: done")
    shown = raw.getvalue().decode(encoding)
    assert shown in ("Patient 王小明: done\n", "Patient \\u738b\\u5c0f\\u660e: done\n")


def test_a_closed_or_missing_stream_stops_nothing(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", None)
    for terminal in (Terminal(closed, closed), Terminal()):
        terminal.progress(1, 2, "x")
        terminal.print("x")


SCRIPT = """
import sys
from TACEResponseLib.commands.terminal import Terminal
terminal = Terminal()
for number in range(20000):
    terminal.print(f"line {number}")
terminal.warn("the work was done")
sys.exit(3)
"""


def test_a_pipe_whose_reader_goes_away():
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b"the work was done\n"
    process.stderr.close()
    assert process.wait() == 3


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_below_the_output_is_reported_once():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", SCRIPT], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    assert done.stderr == b"What is printed is incomplete: No space left on device.\nthe work was done\n"


def test_arguments_are_printed_without_control_characters(run, capsys):
    assert run("predict", "\x1b[31m", "--out", "x", "--dance\x1b")[0] == 2
    assert "\x1b" not in capsys.readouterr().err


def test_what_is_private_is_printed_and_kept_out_of_results():
    hostile = "\u2069HCC\u2068_08"
    message = f"AP: {private('DOE^JOHN')} and {private(hostile)} differ; give one patient."
    assert printable(message) == "AP: DOE^JOHN and HCC_08 differ; give one patient."
    assert public(message) == "AP: ... and ... differ; give one patient."
    assert public("nothing private") == "nothing private"

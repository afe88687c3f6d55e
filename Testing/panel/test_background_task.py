"""Work in a thread, heard of by polling."""

import threading
import time

import numpy as np
from TACEResponseLib.panel.background_task import BackgroundTask


def all_news(task, limit_s=10.0):
    """Poll as the panel's timer does until the task ends."""
    news, deadline = [], time.monotonic() + limit_s
    while time.monotonic() < deadline:
        news += task.poll()
        if news and news[-1].kind != "progress":
            return news
    raise AssertionError("the task did not end")


def test_progress_and_result_arrive_in_order():
    def work(progress):
        for done in range(3):
            progress(done, 3, f"step {done}")
        return threading.current_thread().name

    task = BackgroundTask(work)
    task.start()
    news = all_news(task)
    assert [one.kind for one in news] == ["progress"] * 3 + ["done"]
    assert [one.fraction for one in news] == [0, 1 / 3, 2 / 3, 1]
    assert news[-1].result == "TACEResponse"


def test_cancel_ends_the_work_at_its_next_step():
    reached, release, steps = threading.Event(), threading.Event(), []

    def work(progress):
        for done in range(100):
            progress(done, 100, "")
            steps.append(done)
            reached.set()
            release.wait(5)

    task = BackgroundTask(work)
    task.start()
    assert reached.wait(5)
    task.cancel()
    release.set()
    assert all_news(task)[-1].kind == "cancelled"
    assert steps == [0]


def test_a_refusal_keeps_its_sentence_and_a_fault_says_that_it_is_one():
    def refuse(progress):
        raise ValueError("Patient P, AP: the VOI lies in a single slice.")

    def fault(progress):
        return 1 / 0

    for work, words in ((refuse, "single slice"), (fault, "ZeroDivisionError")):
        task = BackgroundTask(work)
        task.start()
        [news] = all_news(task)
        assert news.kind == "failed"
        assert words in news.text


def test_polling_never_holds_the_window_for_long():
    def work(progress):
        values = np.random.default_rng(0).normal(size=(400, 400))
        for _ in range(50):
            values = np.tanh(values @ values / 400)
        return None

    task = BackgroundTask(work)
    task.start()
    longest = 0.0
    while True:
        started = time.monotonic()
        news = task.poll()
        longest = max(longest, time.monotonic() - started)
        if news and news[-1].kind == "done":
            break
    assert longest < 0.1

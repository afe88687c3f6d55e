"""Imported by every Python that starts with this folder on its path: notes from where the steps of a case are called.

Each call of a watched function adds a line to the file $TACE_CALL_TRACE: the package's functions that are on the stack,
as ``file:function``, from the watched one outwards. Processes that workers or a cluster start inherit both.
"""

import os
import sys
import threading

WATCHED = {
    "read_manifest",
    "read_case_images",
    "extract_features",
    "predict_from_features",
    "extract_case",
    "predict_case",
    "write_case_files",
    "write_patient_report",
}
_PACKAGE = f"{os.sep}TACEResponseLib{os.sep}"


def _note(frame, event, _argument):
    code = frame.f_code
    if event != "call" or code.co_name not in WATCHED or _PACKAGE not in code.co_filename:
        return
    stack = []
    while frame is not None:
        _, package, name = frame.f_code.co_filename.rpartition(_PACKAGE)
        if package:
            stack.append(f"{name}:{frame.f_code.co_name}")
        frame = frame.f_back
    with open(os.environ["TACE_CALL_TRACE"], "a", encoding="utf-8") as log:
        log.write(" ".join(stack) + "\n")


if "TACE_CALL_TRACE" in os.environ:
    sys.setprofile(_note)
    threading.setprofile(_note)
